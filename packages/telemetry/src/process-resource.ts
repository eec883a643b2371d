/** What every span and every metric says about the process it comes from. */

import { hostname } from 'node:os'
import {
  defaultResource,
  detectResources,
  envDetector,
  type Resource,
  resourceFromAttributes,
  serviceInstanceIdDetector,
} from '@opentelemetry/resources'
import { ATTR_SERVICE_NAME } from '@opentelemetry/semantic-conventions'

/** One for the process, because it holds a random id: that of the spans is that of the metrics. */
let detected: Resource | undefined

/**
 * Detectors are named one by one: the default set would also send the process owner, the command line and the machine
 * id.
 */
export function describeProcess(serviceName: string): Resource {
  detected ??= defaultResource().merge(detectResources({ detectors: [envDetector, serviceInstanceIdDetector] }))
  return detected.merge(
    resourceFromAttributes({
      [ATTR_SERVICE_NAME]: serviceName,
      'host.name': hostname(),
      'process.pid': process.pid,
    }),
  )
}
