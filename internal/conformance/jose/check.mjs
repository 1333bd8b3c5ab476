// Does with the vectors what a library that knows JOSE alone can do, and writes
// what came of it: {"case": {"jose": "accept" or "refuse", "why"}, …}, and what
// is wrong with our lists. Usage: node check.mjs FOLDER, with every file that
// vectors.json names in it.
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { inflateSync } from 'node:zlib'
import { compactVerify, createLocalJWKSet, decodeJwt, decodeProtectedHeader, importX509, jwtVerify } from 'jose'

const read = (name) => readFileSync(join(process.argv[2], name), 'utf8')
const { cases, records } = JSON.parse(read('vectors.json'))

// token reads the digits of an address back: two for each character, its code less 45.
const token = (q) => {
  if (q.token) return q.token
  const fragment = q.url.slice(q.url.indexOf('#') + 1)
  if (!/^([0-9]{2})+$/.test(fragment)) return fragment
  return fragment.replace(/../g, (pair) => String.fromCharCode(Number(pair) + 45))
}

const keySet = (name) => createLocalJWKSet(name ? JSON.parse(read(name)) : { keys: [] })

const keyList = async (name, root) => {
  const list = JSON.parse(read(name))
  const chain = decodeProtectedHeader(list.signed).x5c.map((der) => new X509Certificate(Buffer.from(der, 'base64')))
  if (!chain.at(-1).raw.equals(new X509Certificate(read(root)).raw)) throw new Error('another root')
  chain.forEach((c, i) => {
    const issuer = chain[Math.min(i + 1, chain.length - 1)]
    if (!c.ca || !issuer.ca || !c.verify(issuer.publicKey)) throw new Error('the chain of the key list')
  })
  const { payload } = await compactVerify(list.signed, await importX509(chain[0].toString(), 'ES256'))
  if (!isDeepStrictEqual(JSON.parse(new TextDecoder().decode(payload)).keys, list.keys)) throw new Error('the keys beside it are others')
}

const statusList = async (name, jwks, clock) => {
  const { payload } = await jwtVerify(read(name), keySet(jwks), { typ: 'statuslist+jwt', currentDate: clock })
  return payload
}

// judge does what a case is about: its list that must be refused, or its token.
const judge = async (c) => {
  const clock = new Date(c.clock)
  if (c.refused && c.refused === c.jwks) return keyList(c.jwks, c.root)
  if (c.refused) return statusList(c.refused, c.jwks, clock)
  return jwtVerify(token(c.question), keySet(c.jwks), { currentDate: clock })
}

const outcomes = {}
for (const c of cases.filter((c) => c.jose)) {
  outcomes[c.name] = await judge(c).then(() => ({ jose: 'accept' }), (e) => ({ jose: 'refuse', why: e.code ?? e.message }))
}

// Our own lists: the key list holds under the root, and the entry of every
// certificate on record says what the record says.
const faults = []
const now = cases.find((c) => c.jwks === 'jwks.json')
await keyList(now.jwks, now.root).catch((e) => faults.push(`jwks.json: ${e.message}`))
const { status_list: { bits, lst } } = await statusList('status-1.jwt', now.jwks, new Date(now.clock))
const entries = inflateSync(Buffer.from(lst, 'base64url'))
for (const r of records) {
  const index = decodeJwt(r.token).s % 2 ** 20
  const value = (entries[Math.floor((index * bits) / 8)] >> ((index * bits) % 8)) & (2 ** bits - 1)
  const said = ['valid', 'revoked', 'suspended', 'superseded'][value]
  if (bits !== 2 || said !== r.status) faults.push(`${r.number}: the list says ${said}, the record ${r.status}`)
}
console.log(JSON.stringify({ outcomes, faults, entries: records.length }))
