import { it } from '@jest/globals';
import { chooseKafka } from '@tallystick/testing/kafka';
import { frontDoorSuite } from './front-door/front-door-suite.js';

const kafka = await chooseKafka();

if (kafka.kind === 'none')
  it.skip(`the front door on Kafka is left out: ${kafka.reason}`, () => {});
else frontDoorSuite(5, undefined, () => kafka.start());
