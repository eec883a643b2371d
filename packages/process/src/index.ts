/**
 * What the processes of the shop have in common: a checked environment, a start that says what is wrong, and an end that
 * loses nothing.
 */

export { closeWhenDraining, type Lifecycle } from './drain.ts'
export {
  address,
  ConfigError,
  choice,
  databaseAddress,
  isAddress,
  type ProcessConfig,
  processConfig,
  processVariables,
  readEnvironment,
  redisAddress,
  whole,
} from './environment.ts'
export { type Opened, runProcess } from './run.ts'
