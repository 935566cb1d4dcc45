// Package pak packs the texts that a register keeps many of. A dictionary of what such texts are made of makes small ones
// small too.
package pak

import (
	_ "embed"
	"fmt"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// ordbog is what packed texts may refer to. It is part of the format: a new one is added under a new number, and this one
// stays.
//
//go:embed ordbog1.json
var ordbog []byte

const ordbogNr = 1

// maksUdpakket is how large a text may become.
const maksUdpakket = 64 << 20

// Pakker packs and unpacks. It is safe for concurrent use; the zero value is ready.
type Pakker struct {
	en  sync.Once
	ind *zstd.Encoder
	ud  *zstd.Decoder
	err error
}

func (p *Pakker) klar() error {
	p.en.Do(func() {
		if p.ind, p.err = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(2), zstd.WithWindowSize(1<<20),
			zstd.WithEncoderDictRaw(ordbogNr, ordbog)); p.err != nil {
			return
		}
		p.ud, p.err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(2), zstd.WithDecoderMaxMemory(maksUdpakket), zstd.WithDecoderDictRaw(ordbogNr, ordbog))
	})
	return p.err
}

// Pak packs b.
func (p *Pakker) Pak(b []byte) ([]byte, error) {
	if err := p.klar(); err != nil {
		return nil, fmt.Errorf("pak: %w", err)
	}
	return p.ind.EncodeAll(b, make([]byte, 0, len(b)/3+64)), nil
}

// Udpak gives back what was packed. The error tells that b is not what [Pakker.Pak] made.
func (p *Pakker) Udpak(b []byte) ([]byte, error) {
	if err := p.klar(); err != nil {
		return nil, fmt.Errorf("udpak: %w", err)
	}
	ud, err := p.ud.DecodeAll(b, nil)
	if err != nil {
		return nil, fmt.Errorf("udpak: %w", err)
	}
	return ud, nil
}
