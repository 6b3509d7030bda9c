export * from 'fp-ts/lib/function.js'
