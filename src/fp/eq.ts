export * from 'fp-ts/lib/Eq.js'
