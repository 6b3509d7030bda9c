export * from 'fp-ts/lib/Monoid.js'
