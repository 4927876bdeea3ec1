// What `npm run bench` can run: each benchmark is bench/NAME.ts, and says here what it needs around it.
// Plain JavaScript without dependencies, because it is read before they are there.
// @ts-check

/**
 * @typedef {object} Bench
 * @property {string} about
 * @property {string[]} [sandbox]  options of `sandbox exec` that it runs in; without them it needs none
 * @property {boolean} [isBundled]  runs as one file of JavaScript: what it measures is its own work
 * @property {boolean} [peers]  can do the same with another implementation's programs
 * @property {boolean} [onlyNamed]  not part of the whole: needs what the project does not ask for, or is for developers
 * @property {number} limitMinutes  then it is ended, and counts as failed
 */

/** @type {Readonly<Record<string, Bench>>} */
export const BENCHES = {
  allocate: {
    about: 'Services assigned a second, and how long one waits',
    sandbox: ['--nodes', '1'],
    peers: true,
    limitMinutes: 12,
  },
  restart: {
    about: 'a controller that starts in a cluster full of Services',
    sandbox: ['--nodes', '1'],
    peers: true,
    limitMinutes: 8,
  },
  failover: {
    about: 'how long a client goes without an answer when something breaks',
    sandbox: ['--nodes', '4'],
    peers: true,
    limitMinutes: 15,
  },
  arp: { about: 'ARP requests answered', limitMinutes: 3 },
  ndp: { about: 'neighbour solicitations answered', limitMinutes: 3 },
  footprint: {
    about: 'memory and idle CPU of the programs',
    sandbox: ['--nodes', '1'],
    peers: true,
    limitMinutes: 10,
  },
  'api-load': {
    about: 'requests to the API server when nothing happens, and when a cable is pulled',
    sandbox: ['--nodes', '3', '--audit'],
    peers: true,
    limitMinutes: 10,
  },
  reachable: {
    about: 'from the creation of a Service to its first answer, from its deletion to silence',
    sandbox: ['--nodes', '3'],
    peers: true,
    limitMinutes: 6,
  },
  scale: {
    about: 'the election on segments larger than this machine, simulated',
    isBundled: true,
    limitMinutes: 10,
  },
  decide: { about: 'decisions of the allocator alone', isBundled: true, limitMinutes: 3 },
  neighbour: {
    about: 'ARP requests and neighbour solicitations answered, by the programs as they are installed',
    sandbox: ['--nodes', '1'],
    peers: true,
    onlyNamed: true,
    limitMinutes: 5,
  },
  reflector: { about: 'reading and watching 10,000 objects', onlyNamed: true, limitMinutes: 3 },
  'status-load': {
    about: 'what hostile clients of the status API leave to the rest',
    onlyNamed: true,
    limitMinutes: 3,
  },
  page: {
    about: 'how long the page keeps a browser busy (needs chromium)',
    onlyNamed: true,
    limitMinutes: 3,
  },
}
