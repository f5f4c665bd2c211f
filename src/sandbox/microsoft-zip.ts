import { crc32, deflateRawSync } from 'node:zlib'

/** A zip archive with one deflated file, written by hand (APPNOTE 4.3): local header, data, central directory, its end. */
export function zipOf(name: string, content: Uint8Array): Uint8Array {
  const nameBytes = Buffer.from(name)
  const data = deflateRawSync(content)
  // Version 2.0, UTF-8 names, deflate, midnight of 1980-01-01: the same content is the same archive.
  const common = Buffer.alloc(26)
  common.writeUInt16LE(20, 0)
  common.writeUInt16LE(0x0800, 2)
  common.writeUInt16LE(8, 4)
  common.writeUInt16LE(0, 6)
  common.writeUInt16LE(0x21, 8)
  common.writeUInt32LE(crc32(content), 10)
  common.writeUInt32LE(data.length, 14)
  common.writeUInt32LE(content.length, 18)
  common.writeUInt16LE(nameBytes.length, 22)
  const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, nameBytes, data])
  const made = Buffer.alloc(2)
  made.writeUInt16LE(20, 0)
  const central = Buffer.concat([Buffer.from('PK\x01\x02', 'latin1'), made, common, Buffer.alloc(14), nameBytes])
  const end = Buffer.alloc(18)
  end.writeUInt16LE(1, 4)
  end.writeUInt16LE(1, 6)
  end.writeUInt32LE(central.length, 8)
  end.writeUInt32LE(local.length, 12)
  return Buffer.concat([local, central, Buffer.from('PK\x05\x06', 'latin1'), end])
}
