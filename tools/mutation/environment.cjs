const { TestEnvironment } = require('jest-environment-node');

/** A planted bug is found by the first test that fails: the others need not run. Nor do those that take too long for thousands of runs. */
module.exports = class extends TestEnvironment {
  #found = false;
  #tooLong;

  constructor(config, context) {
    super(config, context);
    this.#tooLong = JSON.parse(config.projectConfig.globals.mutationTooLong ?? '[]');
  }

  handleTestEvent(event) {
    if (event.name === 'test_fn_failure' || event.name === 'hook_failure') this.#found = true;
    if (event.name !== 'test_start') return;
    if (this.#found || this.#tooLong.some((name) => event.test.name.startsWith(name)))
      event.test.mode = 'skip';
  }
};
