import { batches, idx, safetensors } from 'pullback/data'

const images = idx.decode(new Uint8Array([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6]))
console.log(JSON.stringify(images), JSON.stringify(images.astype('float32').mean(0)))
const bytes = safetensors.encode({ images, means: images.astype('float32').mean(0) })
console.log(bytes.length, JSON.stringify(safetensors.decode(bytes)))
console.log([...batches({ images }, 1)].map(({ images }) => JSON.stringify(images)).join(' '))
console.log(safetensors.tryDecode(bytes.subarray(0, 40))._tag)

export const made = images.astype('float32')
export const use = (array) => safetensors.decode(safetensors.encode({ array })).array
