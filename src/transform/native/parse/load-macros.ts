import { MillraceError } from '../../../domain/errors.ts'
import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Template } from '../jinja/template.ts'
import type { Project } from '../project/project-file.ts'
import { filesOf } from './files.ts'
import { INTERNAL_PACKAGE, MacroRegistry } from './macro-registry.ts'
import type { DocBlock, MacroEntry } from './nodes.ts'

const STANDARD_FOLDER = new URL('../std/', import.meta.url)
let standard: readonly MacroEntry[] | undefined

/** Our own library under dbt's package name; parsed once a process, because it never changes. */
function standardMacros(): readonly MacroEntry[] {
  standard ??= readdirSync(fileURLToPath(STANDARD_FOLDER))
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .flatMap((name) =>
      macrosOf(readFileSync(new URL(name, STANDARD_FOLDER), 'utf8'), `macros/${name}`, INTERNAL_PACKAGE),
    )
  return standard
}

function macrosOf(text: string, file: string, packageName: string): MacroEntry[] {
  const template = Template.parse(text, packageName === INTERNAL_PACKAGE ? `dbt/${file}` : file)
  const source = text.replaceAll(/\r\n?/g, '\n')
  return template.definitions
    .filter((definition) => definition.tag !== 'docs')
    .map((definition) => ({
      uniqueId: `macro.${packageName}.${definition.name}`,
      name: definition.name,
      packageName,
      path: file,
      source: source.slice(definition.start, definition.end),
      definition,
      template,
      supportedLanguages: definition.supportedLanguages ?? (definition.tag === 'materialization' ? ['sql'] : null),
    }))
}

/** The macros of all packages and of our library. Throws TRANSFORM_JINJA_SYNTAX and TRANSFORM_NAME_DOUBLED. */
export function loadMacros(root: Project, packages: readonly Project[]): MacroRegistry {
  const entries = [root, ...packages].flatMap((project) => {
    const own = filesOf(project, project.macroPaths, ['.sql'])
    const generic = filesOf(project, project.testPaths, ['.sql']).filter((file) => file.path.startsWith('generic/'))
    return [...own, ...generic].flatMap((file) => macrosOf(file.text, file.file, project.name))
  })
  return new MacroRegistry(root, [...standardMacros(), ...entries])
}

/** Every `{% docs name %}` block of the project's Markdown files. */
export function loadDocs(project: Project): ReadonlyMap<string, DocBlock> {
  const blocks = filesOf(project, project.docsPaths, ['.md'])
    .filter((file) => /\{%-?\s*docs\s/.test(file.text))
    .flatMap((file) => Template.parse(file.text, file.file).definitions.map((definition) => ({ file, definition })))
    .filter(({ definition }) => definition.tag === 'docs')
    .map(({ file, definition }): DocBlock => {
      const contents = definition.body.map((statement) => (statement.kind === 'data' ? statement.text : '')).join('')
      const uniqueId = `doc.${project.name}.${definition.label}`
      return {
        uniqueId,
        name: definition.label,
        packageName: project.name,
        path: file.path,
        originalFilePath: file.file,
        contents: contents.trim(),
      }
    })
  const held = new Map<string, DocBlock>()
  for (const block of blocks) {
    const first = held.get(block.name)?.originalFilePath
    if (first !== undefined)
      throw new MillraceError('TRANSFORM_NAME_DOUBLED', {
        name: block.name,
        kind: 'docs block',
        first,
        second: block.originalFilePath,
      })
    held.set(block.name, block)
  }
  return held
}
