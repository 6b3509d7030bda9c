/** Devices by name: the plain interpreter, WebAssembly (the default), WebGPU. */
export type DeviceName = 'cpu' | 'wasm' | 'webgpu'
