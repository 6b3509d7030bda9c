// The licences of what an app installs with this package: `dependencies`, `peerDependencies` and all that these depend on.
// Each must be one that asks for no more than its text to be passed on. Code of `dependencies` is inside dist, so NOTICE
// has to carry their copyright lines. `npm test` runs this.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './bundle.mjs'

/** SPDX names, with words of their texts that tell one from another. */
const allowed = {
  MIT: /Permission is hereby granted, free of charge/,
  ISC: /Permission to use, copy, modify, and\/or distribute this software/,
  'BSD-2-Clause': /Redistributions in binary form must reproduce/,
  'BSD-3-Clause': /Neither the name of/,
  'Apache-2.0': /Apache License\s+Version 2\.0/,
}

/** Where package.json says one thing and the text that comes with it another: the text's. */
const byText = { webgpu: 'BSD-3-Clause' }

const manifestOf = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
const own = manifestOf(root)
const notice = readFileSync(join(root, 'NOTICE'), 'utf8')
const problems = []

const seen = new Map()
function visit(name) {
  if (seen.has(name)) return
  const folder = join(root, 'node_modules', name)
  const manifest = manifestOf(folder)
  const licence = byText[name] ?? manifest.license
  seen.set(name, `${name} ${manifest.version} ${licence}`)
  const file = readdirSync(folder).find((file) => /^licen[cs]e/i.test(file))
  const text = file === undefined ? '' : readFileSync(join(folder, file), 'utf8')
  if (!(licence in allowed)) problems.push(`${name} is under ${licence}; known to be compatible are ${Object.keys(allowed).join(', ')}`)
  else if (!allowed[licence].test(text)) problems.push(`${name} says ${licence}, and its ${file ?? 'missing LICENSE'} says something else`)
  const copyright = /^Copyright .*$/m.exec(text)?.[0] ?? 'Copyright'
  if (name in own.dependencies && !notice.includes(`${name} (${licence}, ${copyright}`)) problems.push(`NOTICE does not say: ${name} (${licence}, ${copyright})`)
  for (const other of Object.keys(manifest.dependencies ?? {})) visit(other)
}
for (const name of Object.keys({ ...own.dependencies, ...own.peerDependencies })) visit(name)

const licenceFile = join(root, 'LICENSE')
if (!existsSync(licenceFile) || !allowed[own.license]?.test(readFileSync(licenceFile, 'utf8'))) problems.push(`package.json says ${own.license}, and LICENSE does not`)
for (const file of ['LICENSE', 'NOTICE']) if (!own.files.includes(file)) problems.push(`${file} is not among the files of the package`)

for (const problem of problems) console.error(`licences: ${problem}`)
if (problems.length > 0) process.exit(1)
console.log(`licences: ${[...seen.values()].join(', ')}`)
