export interface Swiftshader {
  readonly folder: string
  readonly env: { readonly VK_ICD_FILENAMES: string; readonly LD_LIBRARY_PATH: string }
}
export function swiftshader(): Promise<Swiftshader>

export interface Chromium {
  readonly executable: string
  readonly env: Readonly<Record<string, string>>
  readonly args: readonly string[]
}
export function chromium(): Promise<Chromium>
