/**
 * Who may import whom, by the tags in each package.json (`nx.tags`):
 * kernel <- domain <- contracts <- platform <- services <- deploy, and services never one another.
 */

/** The kinds of projects and what each may depend on. Nothing is allowed that is not named here. */
const mayDependOn = {
  'type:kernel': [],
  'type:domain': ['type:kernel', 'type:domain'],
  'type:contracts': ['type:kernel', 'type:domain', 'type:contracts'],
  'type:platform': ['type:kernel', 'type:domain', 'type:contracts', 'type:platform'],
  'type:testing': ['type:kernel', 'type:domain', 'type:contracts', 'type:platform'],
  'type:service': ['type:kernel', 'type:domain', 'type:contracts', 'type:platform'],
  'type:deploy': ['type:kernel', 'type:domain', 'type:contracts', 'type:platform', 'type:service'],
  // What measures the others may use what their tests use.
  'type:bench': [
    'type:kernel',
    'type:domain',
    'type:contracts',
    'type:platform',
    'type:service',
    'type:testing',
  ],
  // The command line is a client: it knows what crosses the wire, not what is behind it.
  'service:tally': ['type:kernel', 'type:contracts'],
};

/** Every project has exactly one of these. */
export const projectTypes = Object.keys(mayDependOn).filter((tag) => tag.startsWith('type:'));

/** The packages that pure code may use: calendar arithmetic and a condition's language are not written again. */
const pureExternals = ['@js-temporal/polyfill', '@bufbuild/cel'];
const testExternals = ['@jest/globals', 'fast-check'];
const pure = new Set(['type:kernel', 'type:domain']);

/**
 * The options of `@nx/enforce-module-boundaries`.
 *
 * @param {{ tests: boolean, testingDependsOn: readonly string[] }} subject whether for test files,
 *   which may use libs/testing too; and the projects that libs/testing is made of: their own tests
 *   use it, which is a circle between projects but not between what is built (that one the tags forbid)
 */
export const boundaries = ({ tests, testingDependsOn }) => ({
  allow: [],
  banTransitiveDependencies: true,
  ignoredCircularDependencies: testingDependsOn.map((project) => ['@tallystick/testing', project]),
  depConstraints: Object.entries(mayDependOn).map(([sourceTag, allowed]) => ({
    sourceTag,
    onlyDependOnLibsWithTags: tests ? [...allowed, 'type:testing'] : allowed,
    ...(pure.has(sourceTag) && {
      allowedExternalImports: tests ? [...pureExternals, ...testExternals] : pureExternals,
    }),
  })),
});
