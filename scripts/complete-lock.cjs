// Completes package-lock.json: `node scripts/complete-lock.cjs` after every change of the packages.
//
// npm leaves an optional package out of the lock file when the registry at hand does not serve it (a mirror that keeps the
// builds of one platform only), and `npm ci` then refuses the lock file as out of step with package.json, on every machine.
// The packages that were left out are builds for other platforms; their names say which, their dependents say the version.
// They get an entry without integrity: never fetched here, and fetched by version where they are the right build.
'use strict'
var fs = require('fs')
var path = require('path')

var SYSTEMS = {
  darwin: 'darwin',
  linux: 'linux',
  win32: 'win32',
  windows: 'win32',
  android: 'android',
  freebsd: 'freebsd',
  netbsd: 'netbsd',
  openbsd: 'openbsd',
  sunos: 'sunos',
  aix: 'aix',
  openharmony: 'openharmony',
}
var PROCESSORS = {
  x64: 'x64',
  arm64: 'arm64',
  arm: 'arm',
  ia32: 'ia32',
  riscv64: 'riscv64',
  s390x: 's390x',
  ppc64: 'ppc64',
  loong64: 'loong64',
  mips64el: 'mips64el',
  wasm32: 'wasm32',
}
var LIBCS = { gnu: 'glibc', musl: 'musl', gnueabihf: 'glibc', musleabihf: 'musl' }

function platformOf(name) {
  var found = {}
  name.split(/[-/]/).forEach(function (word) {
    if (SYSTEMS[word]) found.os = [SYSTEMS[word]]
    if (PROCESSORS[word]) found.cpu = [PROCESSORS[word]]
    if (LIBCS[word]) found.libc = [LIBCS[word]]
  })
  return found
}

/** Node's own search: beside the dependent, then in each folder above it. */
function resolves(packages, from, name) {
  var parts = from === '' ? [] : from.split('/node_modules/')
  for (var depth = parts.length; depth >= 0; depth--) {
    var folder = parts.slice(0, depth).join('/node_modules/')
    if (packages[(folder ? folder + '/' : '') + 'node_modules/' + name]) return true
  }
  return false
}

/** The entries that the lock file lacks, by their place in it. */
function lacking(lock) {
  var entries = {}
  Object.keys(lock.packages).forEach(function (key) {
    var dependent = lock.packages[key]
    var wanted = dependent.optionalDependencies || {}
    Object.keys(wanted).forEach(function (name) {
      if (resolves(lock.packages, key, name) || !/^\d/.test(wanted[name])) return
      var entry = Object.assign({ version: wanted[name] }, platformOf(name), { optional: true })
      if (dependent.dev) entry.dev = true
      if (dependent.peer) entry.peer = true
      entries['node_modules/' + name] = entry
    })
  })
  return entries
}

module.exports = { lacking: lacking }

if (require.main === module) {
  var file = path.join(process.cwd(), 'package-lock.json')
  var lock = JSON.parse(fs.readFileSync(file, 'utf8'))
  var added = lacking(lock)
  Object.assign(lock.packages, added)
  var sorted = {}
  Object.keys(lock.packages)
    .sort()
    .forEach(function (key) {
      sorted[key] = lock.packages[key]
    })
  lock.packages = sorted
  fs.writeFileSync(file, JSON.stringify(lock, null, 2) + '\n')
  process.stdout.write(Object.keys(added).length + ' packages added to package-lock.json\n')
}
