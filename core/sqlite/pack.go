package sqlite

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/pulse-platform/pulse/core/id"
)

// entry is a record in a page: its uid and what is kept of it.
type entry struct {
	uid  id.UID
	body []byte
}

// packer makes pages of entries: length and text of the uid, length and bytes of the body, one after the other, as one Zstandard
// frame (RFC 8878).
type packer struct {
	enc *zstd.Encoder
	dec *zstd.Decoder
}

// maxPage is how much a page may be when it is inflated.
const maxPage = 256 << 20

var errPage = errors.New("the page is damaged")

// sharedPacker is for all who pack: a packer keeps a megabyte of memory.
var sharedPacker = sync.OnceValue(newPacker)

func newPacker() *packer {
	// Neither fails with options that are in range; and one goroutine and little memory are enough for what comes once a minute.
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(256<<10), zstd.WithLowerEncoderMem(true))
	if err != nil {
		panic(err)
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(maxPage))
	if err != nil {
		panic(err)
	}
	return &packer{enc, dec}
}

// seal returns the page of entries.
func (p *packer) seal(entries []entry) []byte {
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.uid, b.uid) })
	size := 0
	for _, e := range entries {
		size += len(e.uid) + len(e.body) + 2*binary.MaxVarintLen32
	}
	flat := make([]byte, 0, size)
	for _, e := range entries {
		flat = append(binary.AppendUvarint(flat, uint64(len(e.uid))), e.uid...)
		flat = append(binary.AppendUvarint(flat, uint64(len(e.body))), e.body...)
	}
	return p.enc.EncodeAll(flat, nil)
}

// open returns the entries of a page, none of none. They share memory.
func (p *packer) open(page []byte) (entries []entry, err error) {
	flat, err := p.dec.DecodeAll(page, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errPage, err)
	}
	for len(flat) > 0 {
		var uid, body []byte
		if uid, flat, err = cutPrefixed(flat); err != nil {
			return nil, err
		}
		if body, flat, err = cutPrefixed(flat); err != nil {
			return nil, err
		}
		entries = append(entries, entry{id.UID(uid), body})
	}
	return entries, nil
}

// cutPrefixed returns the piece at the beginning, whose length stands before it, and the rest.
func cutPrefixed(b []byte) (piece, rest []byte, err error) {
	n, width := binary.Uvarint(b)
	if width <= 0 || n > uint64(len(b)-width) {
		return nil, nil, errPage
	}
	b = b[width:]
	return b[:n:n], b[n:], nil
}
