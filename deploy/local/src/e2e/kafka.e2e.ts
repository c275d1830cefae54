import { it } from '@jest/globals';
import { chooseKafka } from '@tallystick/testing/kafka';
import { frontDoorSuite } from './front-door/front-door-suite.js';

const kafka = await chooseKafka();

if (kafka.kind === 'none')
  it.skip(`the front door on Kafka is left out: ${kafka.reason}`, () => {});
else
  for (const processes of [1, 5] as const)
    frontDoorSuite(processes, undefined, () => kafka.share());
