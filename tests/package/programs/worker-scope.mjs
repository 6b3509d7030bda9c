// What a page's worker has around it.
globalThis.WorkerGlobalScope = class {}
globalThis.addEventListener = (type, listener, { once }) => console.log(type, typeof listener, once)
