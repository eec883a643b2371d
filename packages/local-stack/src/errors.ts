/**
 * Every error this package throws.
 *
 * `code` is the contract, `message` is for a person and names the cure.
 */

export type LocalStackErrorCode =
  | 'ACCOUNT_MISSING'
  | 'BINARIES_MISSING'
  | 'DIRECTORY_FOREIGN'
  | 'DOCKER_FAILED'
  | 'INSTALL_FAILED'
  | 'NOT_STOPPED'
  | 'PORT_TAKEN'
  | 'REDIS_MISSING'
  | 'START_FAILED'

export class LocalStackError extends Error {
  readonly code: LocalStackErrorCode

  constructor(code: LocalStackErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'LocalStackError'
    this.code = code
  }
}

export const accountMissing = () =>
  new LocalStackError(
    'ACCOUNT_MISSING',
    'PostgreSQL refuses to run as root, and this system has no account "nobody" to run it as. ' +
      'Start as an ordinary user, or set DATABASE_URL to a PostgreSQL 18 of your own.',
  )

export const binariesMissing = (platform: string, cause?: unknown) =>
  new LocalStackError(
    'BINARIES_MISSING',
    `The PostgreSQL binaries for ${platform} are not installed. Run: npm ci. ` +
      'If that does not help, this platform has none: set DATABASE_URL to a PostgreSQL 18 of your own.',
    { cause },
  )

export const directoryForeign = (dir: string, owner: number) =>
  new LocalStackError(
    'DIRECTORY_FOREIGN',
    `${dir} belongs to the user with id ${owner}: it was probably made by a start as root. ` +
      `Start as that user again, or remove it: sudo rm -rf "${dir}"`,
  )

export const dockerFailed = (what: string, output: string) =>
  new LocalStackError('DOCKER_FAILED', `docker ${what} failed: ${output.trim() || 'no output'}`)

export const installFailed = (what: string, output: string) =>
  new LocalStackError('INSTALL_FAILED', `${what} failed: ${lastLines(output, 5) || 'no output'}`)

export const notStopped = (name: string, pids: readonly number[]) =>
  new LocalStackError('NOT_STOPPED', `${name} does not stop. Run: kill -9 ${pids.join(' ')}`)

export const portTaken = (name: string, port: number) =>
  new LocalStackError(
    'PORT_TAKEN',
    `${name} cannot listen on 127.0.0.1:${port}: the port is taken. Stop what uses it, or choose another port.`,
  )

export const redisMissing = (cure: string) =>
  new LocalStackError(
    'REDIS_MISSING',
    `Neither redis-server nor valkey-server 7.0 or newer is on the PATH. Install it with: ${cure}`,
  )

export const startFailed = (name: string, how: string, log: string, tail: string) =>
  new LocalStackError('START_FAILED', `${name} ${how}. The end of ${log}:\n${lastLines(tail, 15) || '(nothing)'}`)

function lastLines(text: string, count: number): string {
  return text.trim().split('\n').slice(-count).join('\n')
}
