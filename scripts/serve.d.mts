export const policy: string

export interface Server {
  readonly url: string
  readonly close: () => Promise<void>
}
export function serve(folder: string, options?: { readonly isolated?: boolean; readonly port?: number; readonly host?: string }): Promise<Server>
