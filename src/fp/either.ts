export * from 'fp-ts/lib/Either.js'
