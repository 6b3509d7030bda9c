export * from 'fp-ts/lib/ReaderTaskEither.js'
