// The package's main file is CommonJS that calls itself a module; its ES module has no types beside it.
declare module 'wgsl_reflect/wgsl_reflect.module.js' {
  export * from 'wgsl_reflect'
}
