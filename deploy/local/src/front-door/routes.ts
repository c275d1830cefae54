import {
  deadLettersPath,
  serviceNames,
  servicePaths,
  type ServiceName,
} from '@tallystick/contracts';

const owners = new Map<string, ServiceName>(
  serviceNames.flatMap((service) => [
    ...servicePaths[service].map((prefix): [string, ServiceName] => [prefix, service]),
    [`/docs/${service}`, service],
    [`/openapi/${service}.json`, service],
    [`/health/${service}`, service],
    [deadLettersPath(service), service],
  ]),
);

/** Which service answers a path (without its query); undefined: none. */
export const ownerOf = (pathname: string): ServiceName | undefined => {
  const [, first = '', second = ''] = pathname.split('/');
  return owners.get(`/${first}/${second}`);
};
