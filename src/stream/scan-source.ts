import type { EventField } from '../domain/event.ts'
import { eventBytesMax, eventFields, instantBounds, valueMax } from '../domain/event.ts'

/*
 * Writes the text of the scanner's function from the table of fields. The function reads flat JSON objects of ASCII text, byte by byte,
 * and accepts only what it understands fully; anything else (escapes, other bytes, nesting, exponents, signs, repeated
 * fields, a broken rule) goes to the slow path, which decides. So the fast path need not know how to refuse.
 */

type Fields = Readonly<Record<string, EventField>>

const code = (text: string): readonly number[] => [...new TextEncoder().encode(text)]

/** `u8[at+0]===99&&…`: the bytes of a word at a place. */
function equals(at: string, word: string, from = 0): string {
  return (
    code(word)
      .map((byte, index) => (index < from ? '' : `u8[${at}+${index}]===${byte}`))
      .filter(Boolean)
      .join('&&') || 'true'
  )
}

/** The number of the field whose key lies at `ks` with `kl` bytes; 0: unknown. Told apart by length and first byte, then compared whole. */
function keySwitch(names: readonly string[]): string {
  const groups = Map.groupBy(names, (name) => (name.length << 8) | (code(name)[0] ?? 0))
  const cases = [...groups].map(([key, group]) => {
    const tests = group.map((name) => `if(${equals('ks', name, 1)})f=${names.indexOf(name) + 1};`).join('else ')
    return `case ${key}:${tests}break;`
  })
  return `switch((kl<<8)|u8[ks]){${cases.join('')}}`
}

/** Sets `target` to the index of the word in `vs..p`, or goes the slow way. */
function choice(words: readonly string[], target: string): string {
  const tests = words.map((word, index) => `if(vl===${word.length}&&${equals('vs', word)})${target}=${index};`)
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

const digits = `
let whole=0,micro=0,next=0,point=false,d=c-48;
if(d===0){p++;}
else{const ns=p;do{whole=whole*10+d;p++;d=u8[p]-48;}while(d>=0&&d<=9);if(p-ns>15){ok=false;break;}}
if(u8[p]===46){point=true;p++;const fs=p;d=u8[p]-48;
if(!(d>=0&&d<=9)){ok=false;break;}
let scale=100000;
do{if(scale>=1){micro+=d*scale;scale=scale===1?0:scale/10;}else if(p-fs===6)next=d;p++;d=u8[p]-48;}while(d>=0&&d<=9);
}`

/** The body of the record's loop: one key and its value a turn; `break` leaves it, with `ok` false for the slow path. */
function recordLoop(names: readonly string[], fields: Fields, bit: (name: string) => number): string {
  return `for(;;){
if(u8[p]!==34){ok=false;break;}
const ks=++p;while(cls[u8[p]]===0)p++;
if(u8[p]!==34){ok=false;break;}
const kl=p-ks;let f=0;
${keySwitch(names)}
p++;if(u8[p]!==58){ok=false;break;}p++;if(u8[p]===32)p++;
const c=u8[p];
if(c===34){
const vs=++p;while(cls[u8[p]]===0)p++;
if(u8[p]!==34){ok=false;break;}
const vl=p-vs;
switch(f){${textCases(names, fields, bit)}}
if(!ok)break;p++;
}else if(c>=48&&c<=57){${digits}
switch(f){${numberCases(names, fields, bit)}}
if(!ok)break;
}else{ok=false;break;}
const q=u8[p];
if(q===44){p++;if(u8[p]===32)p++;continue;}
if(q===125){p++;break;}
ok=false;break;}`
}

const locals = [
  'let ok=true,mask=0,type=0,ivt=0,time=0,sent=0,received=0,value=0,cost=0;',
  ...Object.values(captured).map((name) => `let ${name}From=0,${name}To=0;`),
].join('')

/** What an accepted record leaves in row `r`. */
function accepted(bit: (name: string) => number): string {
  return `
out.type[r]=type;
out.timeMs[r]=sent>0&&received>0?received-(sent-time):time;
out.receivedMs[r]=received;
out.valueMicros[r]=value;
out.costMicros[r]=cost;
let flags=ivt>0?2:0;
if(mask&${bit('event_id')}){flags|=1;print.low=0;print.high=0;
out.idFrom[r]=idFrom;out.idTo[r]=idTo;
if(sourceTo>sourceFrom){addToFingerprint(u8,sourceFrom,sourceTo,print);out.idTo[r]=0;}
addToFingerprint(u8,idFrom,idTo,print);
out.low[r]=print.low;out.high[r]=print.high;}
out.flags[r]=flags;
out.series[r]=series.intern(u8,platformFrom,platformTo,accountFrom,accountTo,campaignFrom,campaignTo,currencyFrom,currencyTo);`
}

/**
 * Text of `(u8, from, to, ends, firstRecord, out, series, slow) => position`: scans records from `from` until `to` or until `out` is full.
 * With `ends` null each record ends with a line feed. `slow(u8, start, end, row)` fills the row of what was not understood.
 */
export function scannerSource(fields: Fields = eventFields): string {
  const names = Object.keys(fields)
  const needed = names.filter(
    (name) => captured[name] ?? instants[name] ?? choices[name] ?? name.match(/^(value|cost_micros)$/),
  )
  const bit = (name: string): number => 1 << needed.indexOf(name)
  const required = needed.reduce((sum, name) => ('required' in (fields[name] ?? {}) ? sum | bit(name) : sum), 0)
  return `return function scan(u8,from,to,ends,firstRecord,out,series,slow){
let p=from,r=0;const rows=ends===null?out.capacity:Math.min(out.capacity,ends.length-firstRecord);
while(r<rows&&(ends!==null||p<to)){
const s=p;${locals}
if(u8[p]===123){p++;
${recordLoop(names, fields, bit)}
}else ok=false;
let e=p;
if(ends===null){if(u8[p]===10)p++;else ok=false;}else if(p!==ends[firstRecord+r])ok=false;
if(ok&&(mask&${required})===${required}&&e-s<=${eventBytesMax}){${accepted(bit)}}
else{
if(ends===null){e=u8.indexOf(10,s);if(e<0||e>to)e=to;p=e<to?e+1:e;}else{e=ends[firstRecord+r];p=e;}
slow(u8,s,e,r);
}
out.start[r]=s;out.end[r]=e;r++;
}
out.rows=r;return p;}`
}
