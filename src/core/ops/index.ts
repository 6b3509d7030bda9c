/** The thin binders of core: promotion and axis rules, then one `bind`. NDArray's methods call them; numpy and lax compose them. */
export * from './arguments.ts'
export * from './contraction.ts'
export * from './elementwise.ts'
export * from './indexing.ts'
export * from './operands.ts'
export * from './reduction.ts'
export * from './shape.ts'
export * from './updates.ts'
