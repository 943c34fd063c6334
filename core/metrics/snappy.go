package metrics

import "encoding/binary"

// The bounds of an element in Snappy's format.
const (
	maxSnappyLiteral = 1 << 16
	maxSnappyCopy    = 64
	maxSnappyOffset  = 1<<16 - 1
	minSnappyCopy    = 4
	snappyTableBits  = 14
)

// packSnappy returns data in the block format of Snappy (https://github.com/google/snappy/blob/main/format_description.txt),
// which remote write asks for. A library would be 165 KiB of each function, as it is made for speed, which nobody needs here.
func packSnappy(data []byte) []byte {
	out := binary.AppendUvarint(nil, uint64(len(data)))
	var seenAt [1 << snappyTableBits]int // one more than where four bytes stood last, by their hash
	start := 0                           // of what is not packed yet
	for at := 0; at+minSnappyCopy <= len(data); {
		word := binary.LittleEndian.Uint32(data[at:])
		slot := word * 0x1e35a7bd >> (32 - snappyTableBits)
		before := seenAt[slot] - 1
		seenAt[slot] = at + 1
		if before < 0 || at-before > maxSnappyOffset || binary.LittleEndian.Uint32(data[before:]) != word {
			at++
			continue
		}
		length := minSnappyCopy
		for length < maxSnappyCopy && at+length < len(data) && data[before+length] == data[at+length] {
			length++
		}
		out = appendSnappyLiteral(out, data[start:at])
		out = binary.LittleEndian.AppendUint16(append(out, byte(length-1)<<2|2), uint16(at-before))
		at += length
		start = at
	}
	return appendSnappyLiteral(out, data[start:])
}

// appendSnappyLiteral appends bytes as they are.
func appendSnappyLiteral(out, data []byte) []byte {
	for len(data) > 0 {
		n := min(len(data), maxSnappyLiteral)
		out = append(binary.LittleEndian.AppendUint16(append(out, 61<<2), uint16(n-1)), data[:n]...)
		data = data[n:]
	}
	return out
}
