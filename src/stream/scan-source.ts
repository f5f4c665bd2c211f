import type { EventField } from '../domain/event.ts'
import { eventBytesMax, eventFields, instantBounds, valueMax } from '../domain/event.ts'

/*
 * Writes the text of the scanner's function from the table of fields. The function reads flat JSON objects of ASCII text four bytes at a
 * time, and accepts only what it understands fully; anything else (escapes, other bytes, nesting, exponents, signs, repeated
 * fields, a broken rule) goes to the slow path, which decides. So the fast path need not know how to refuse.
 */

type Fields = Readonly<Record<string, EventField>>

/** Loads reach this far beyond the byte they start at: the longest key or word with its punctuation. */
export const reachBytes = 32

const bytesOf = (text: string): readonly number[] => [...new TextEncoder().encode(text)]

/** Four bytes of a text as the little-endian number that `getInt32` finds. */
function wordOf(text: string, at: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = bytesOf(text.slice(at, at + 4))
  return a | (b << 8) | (c << 16) | (d << 24)
}

const load = (place: string, offset = 0): string => `dv.getInt32(${place}${offset > 0 ? `+${offset}` : ''},true)`

/** True where the bytes at a place are this text, of four bytes at least: whole words, the last one overlapping. */
function equals(place: string, text: string, from = 0): string {
  const last = text.length - 4
  const offsets = new Set([...Array.from({ length: Math.ceil(last / 4) }, (_, index) => index * 4), last])
  const tests = [...offsets].filter((offset) => offset >= from).map((at) => `${load(place, at)}===${wordOf(text, at)}`)
  return tests.join('&&') || 'true'
}

/** Sets `f` to the number of the field whose key begins at `ks`, and `p` behind its colon; `f` stays 0 for an unknown key. */
function keySwitch(names: readonly string[]): string {
  const groups = Map.groupBy(names, (name) => wordOf(`${name}":`, 0))
  const cases = [...groups].map(([word, group]) => {
    const tests = group.map((name) => {
      const key = `${name}":`
      return `if(${equals('ks', key, 1)}){f=${names.indexOf(name) + 1};p=ks+${key.length};}`
    })
    return `case ${word}:${tests.join('else ')}break;`
  })
  return `switch(${load('ks')}){${cases.join('')}}`
}

/**
 * Moves `p` to the first byte that is not plain text: the quote, a backslash, a control, anything beyond ASCII. Four bytes at once: in each term
 * the lowest byte with its top bit set is exact, because only a marked byte below it could have borrowed from it. `each` sees whole words of plain text.
 */
function skipText(each = ''): string {
  return `for(;;){
if(p>safe){ok=false;break;}
const w=${load('p')};
const marks=(w|(w-0x20202020)|((w^0x22222222)-0x01010101)|((w^0x5c5c5c5c)-0x01010101))&0x80808080;
if(marks!==0){p+=(31-Math.clz32(marks&-marks))>>3;break;}
${each}p+=4;}`
}

/** Sets `target` to the index of the word in `vs..p`, or goes the slow way. */
function choice(words: readonly string[], target: string): string {
  const tests = words.map((word, index) => `if(vl===${word.length}&&${equals('vs', `${word}"`)})${target}=${index};`)
  return `${tests.join('else ')}else{ok=false;break;}`
}

/** Text fields whose place the counters need: local variables `<name>From`, `<name>To`. */
const captured: Readonly<Record<string, string>> = {
  event_id: 'id',
  platform: 'platform',
  account_id: 'account',
  campaign_id: 'campaign',
  currency: 'currency',
  source: 'source',
}

const instants: Readonly<Record<string, string>> = { timestamp: 'time', sent_at: 'sent', received_at: 'received' }

const choices: Readonly<Record<string, string>> = { event_type: 'type', ivt: 'ivt' }

/** A field seen twice goes the slow way, where the last one counts, as JSON.parse has it. */
const once = (bit: number): string => `if(mask&${bit}){ok=false;break;}mask|=${bit};`

function textCases(names: readonly string[], fields: Fields, bit: (name: string) => number): string {
  return names
    .map((name, index): string => {
      const field = fields[name]
      const begin = `case ${index + 1}:`
      if (field?.kind === 'choice')
        return `${begin}${once(bit(name))}${choice(field.of, choices[name] ?? 'ignored')}break;`
      if (field?.kind !== 'text') return `${begin}ok=false;break;`
      const limits = `if(vl>${field.max}||vl<${field.min ?? 0}){ok=false;break;}`
      const pattern = field.pattern ? `if(vl!==3||!upper(u8,vs)){ok=false;break;}` : ''
      const local = captured[name]
      const keep = local ? `${once(bit(name))}${local}From=vs;${local}To=p;` : ''
      return `${begin}${limits}${pattern}${keep}break;`
    })
    .join('')
}

/** Numbers arrive as `whole`, the first six digits after the point as `micro`, the seventh as `next`, and `point` when there was one. */
function numberCases(names: readonly string[], fields: Fields, bit: (name: string) => number): string {
  const { secondsMin, secondsMax, msMin, msMax } = instantBounds
  return names
    .map((name, index): string => {
      const field = fields[name]
      const begin = `case ${index + 1}:`
      if (field?.kind === 'instant')
        return `${begin}${once(bit(name))}if(whole>${msMin}&&whole<${msMax})${instants[name]}=whole;else if(whole>${secondsMin}&&whole<${secondsMax})${instants[name]}=whole*1000+((micro/1000)|0);else ok=false;break;`
      if (field?.kind === 'money')
        return `${begin}${once(bit(name))}if(whole<${valueMax})value=whole*1000000+micro+(next>=5?1:0);else ok=false;break;`
      if (field?.kind === 'count')
        return `${begin}${once(bit(name))}if(point||whole>${field.max}){ok=false;break;}cost=whole;break;`
      return `${begin}ok=false;break;`
    })
    .join('')
}

/** Digits are gathered nine at a time in 32-bit numbers: a double would be carried through every step. */
const digits = `
let whole=0,micro=0,next=0,point=false,d=c-48;
if(d===0){p++;}
else{const ns=p;let high=0,low=0;
do{low=low*10+d|0;p++;d=u8[p]-48;}while(d>=0&&d<=9&&p-ns<9);
if(d>=0&&d<=9){high=low;low=0;const hs=p;do{low=low*10+d|0;p++;d=u8[p]-48;}while(d>=0&&d<=9&&p-hs<6);if(d>=0&&d<=9){ok=false;break;}whole=high*powers[p-hs]+low;}
else whole=low;}
if(u8[p]===46){point=true;p++;const fs=p;d=u8[p]-48;
if(!(d>=0&&d<=9)){ok=false;break;}
let scale=100000;
do{if(scale>=1){micro+=d*scale;scale=scale===1?0:scale/10;}else if(p-fs===6)next=d;p++;d=u8[p]-48;}while(d>=0&&d<=9);
}`

/** The id is skipped and hashed in one go; the same steps as `addToFingerprint`. */
function idText(number: number): string {
  return `if(f===${number}){a=0;b=0;
${skipText('a=Math.imul(a^w,0x9e3779b1);a^=a>>>15;b=Math.imul(b^w,0x5f356495);b^=b>>>13;')}
for(let t=vs+((p-vs)&-4);t<p;t++){const w=u8[t];a=Math.imul(a^w,0x01000193);a^=a>>>15;b=Math.imul(b^w,0x27d4eb2f);b^=b>>>13;}
}else{${skipText()}}`
}

/** Notes where a field's value lies: its number, then from and to. A record that names a field twice goes the slow way. */
const notePlace = (from: string, to: string): string =>
  `if(f!==0){if((seen&(1<<f))!==0){ok=false;break;}out.places[n]=f;out.places[n+1]=${from};out.places[n+2]=${to};n+=3;}`

/** The body of the record's loop: one key and its value a turn; `break` leaves it, with `ok` false for the slow path. */
function recordLoop(
  names: readonly string[],
  fields: Fields,
  bit: (name: string) => number,
  isPlaced: boolean,
): string {
  const see = 'seen|=1<<f;'
  return `for(;;){
if(p>safe||u8[p]!==34){ok=false;break;}
const ks=++p;let f=0;
${keySwitch(names)}
${isPlaced ? '' : see}
if(f===0){${skipText()}if(!ok||u8[p]!==34||u8[p+1]!==58){ok=false;break;}p+=2;}
if(u8[p]===32)p++;
const c=u8[p];
if(c===34){
const vs=++p;
${isPlaced ? skipText() : idText(names.indexOf('event_id') + 1)}
if(!ok||u8[p]!==34){ok=false;break;}
const vl=p-vs;
switch(f){${textCases(names, fields, bit)}}
if(!ok)break;${isPlaced ? notePlace('vs', 'p') + see : ''}p++;
}else if(c>=48&&c<=57){${isPlaced ? 'const vs=p;' : ''}${digits}
switch(f){${numberCases(names, fields, bit)}}
if(!ok)break;${isPlaced ? notePlace('vs', 'p') + see : ''}
}else{ok=false;break;}
const q=u8[p];
if(q===44){p++;if(u8[p]===32)p++;continue;}
if(q===125){p++;break;}
ok=false;break;}`
}

const locals = [
  'let ok=true,mask=0,seen=0,type=0,ivt=0,time=0,sent=0,received=0,value=0,cost=0,a=0,b=0;',
  ...Object.values(captured).map((name) => `let ${name}From=0,${name}To=0;`),
].join('')

/** What an accepted record leaves in row `r`, however it is used. */
const acceptedAlways = `
out.seen|=seen;
out.type[r]=type;
out.timeMs[r]=sent>0&&received>0?received-(sent-time):time;
out.receivedMs[r]=received;
out.valueMicros[r]=value;
out.costMicros[r]=cost;
let flags=ivt>0?2:0;`

/** … and for the counters. */
function accepted(bit: (name: string) => number): string {
  return `${acceptedAlways}
if(mask&${bit('event_id')}){flags|=1;
out.idFrom[r]=idFrom;out.idTo[r]=idTo;
print.low=a;print.high=b;
if(sourceTo>sourceFrom){print.low=0;print.high=0;
addToFingerprint(u8,sourceFrom,sourceTo,print);endFingerprint(print,sourceTo-sourceFrom);
addToFingerprint(u8,idFrom,idTo,print);out.idTo[r]=0;}
endFingerprint(print,idTo-idFrom);
out.low[r]=print.low;out.high[r]=print.high;}
out.flags[r]=flags;
out.series[r]=series.intern(dv,platformFrom,platformTo,accountFrom,accountTo,campaignFrom,campaignTo,currencyFrom,currencyTo);`
}

/**
 * Text of `(u8, dv, from, to, starts, ends, firstRecord, out, series, slow) => position`: scans records from `from` until `to` or until `out` is full.
 * `dv` shows the same bytes and, where there are any, up to `reachBytes` behind them, which are loaded but never believed: a record is
 * accepted only when it ends before `to`. With `ends` null each record ends with a line feed. `slow(u8, start, end, row)` fills the row of
 * what was not understood, which is also what lies too near the end of the buffer for whole words.
 * `isPlaced`: for the lake instead of the counters: `out` is `PlacedColumns`, and neither series nor fingerprints are made.
 */
export function scannerSource(isPlaced: boolean, fields: Fields = eventFields): string {
  const names = Object.keys(fields)
  const needed = names.filter(
    (name) => captured[name] ?? instants[name] ?? choices[name] ?? name.match(/^(value|cost_micros)$/),
  )
  const bit = (name: string): number => 1 << needed.indexOf(name)
  const required = needed.reduce((sum, name) => ('required' in (fields[name] ?? {}) ? sum | bit(name) : sum), 0)
  return `return function scan(u8,dv,from,to,starts,ends,firstRecord,out,series,slow){
let p=from,r=0,n=0;const safe=dv.byteLength-${reachBytes};const rows=ends===null?out.capacity:Math.min(out.capacity,ends.length-firstRecord);
while(r<rows&&(ends!==null||p<to)){
if(starts!==undefined)p=starts[firstRecord+r];const s=p;${isPlaced ? 'const n0=n;out.placeFrom[r]=n;' : ''}${locals}
if(u8[p]===123){p++;
${recordLoop(names, fields, bit, isPlaced)}
}else ok=false;
let e=p;
if(ends===null){if(p<to&&u8[p]===10)p++;else ok=false;}else if(p!==ends[firstRecord+r])ok=false;
if(ok&&(mask&${required})===${required}&&e-s<=${eventBytesMax}){${isPlaced ? `${acceptedAlways}out.flags[r]=flags;out.placeTo[r]=n;` : accepted(bit)}}
else{${isPlaced ? 'n=n0;out.placeFrom[r]=-1;' : ''}
if(ends===null){e=u8.indexOf(10,s);if(e<0||e>to)e=to;p=e<to?e+1:e;}else{e=ends[firstRecord+r];p=e;}
slow(u8,s,e,r);
}
out.start[r]=s;out.end[r]=e;r++;
}
out.rows=r;return p;}`
}
