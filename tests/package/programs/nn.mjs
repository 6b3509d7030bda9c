import * as nn from 'pullback/nn'

console.log(JSON.stringify(nn.gelu(0.5)), JSON.stringify(nn.oneHot(1, 3)))

export const made = nn.softmax(nn.oneHot(1, 3))
export const use = (array) => nn.sigmoid(array)
