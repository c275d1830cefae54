export * from './decode-signed.js';
export * from './open-requests.js';
export * from './request-heard.js';
export * from './requests-view.js';
export * from './signed-streams.js';
export * from './step.js';
export * from './two-people.js';
