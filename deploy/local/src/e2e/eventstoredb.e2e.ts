import { frontDoorSuite } from './front-door/front-door-suite.js';

frontDoorSuite(1, 'eventstoredb');
