import { Module, type DynamicModule, type Type, type ValueProvider } from '@nestjs/common';

@Module({})
class Host {}

@Module({})
class ServiceRoot {}

/** The root of a service's application: its own module, and what the host offers to each module of it, and answers itself. */
export const rootModule = (
  service: Type<unknown>,
  offered: readonly ValueProvider[],
  controllers: readonly Type<unknown>[] = [],
): DynamicModule => ({
  module: ServiceRoot,
  imports: [
    {
      module: Host,
      global: true,
      controllers: [...controllers],
      providers: [...offered],
      exports: offered.map(({ provide }) => provide),
    },
    service,
  ],
});
