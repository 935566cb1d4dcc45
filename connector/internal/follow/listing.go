package follow

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/moxkit/mox/connector"
)

// MaxListing is how many records a listing may have: it is held in memory while it is given out.
const MaxListing = 100_000

// Listing reads a system that can only say all it has. A listing equal to the one before gives nothing.
type Listing struct {
	Full bool // the listing is complete (eksport: fuld)
	// Fetch asks the system for all its records.
	Fetch func(ctx context.Context) ([]connector.Record, error)

	last *snapshot // being given out
}

type snapshot struct {
	records []connector.Record
	sum     string
	broken  bool
}

type listingPosition struct {
	Sum   string `json:"liste"` // which listing
	Given int    `json:"givet"` // records given of it
}

// Read is a [connector.Source.Read].
func (l *Listing) Read(ctx context.Context, position string) (connector.Batch, error) {
	var p listingPosition
	if position != "" {
		if err := json.Unmarshal([]byte(position), &p); err != nil {
			return connector.Batch{}, errPosition(err)
		}
	}
	s, err := l.snapshot(ctx, p)
	if err != nil {
		return connector.Batch{}, err
	}
	if s.sum != p.Sum {
		p = listingPosition{Sum: s.sum} // the listing has changed: all of it is given
	} else if p.Given >= len(s.records) {
		return connector.Batch{Position: position}, nil
	}
	from := p.Given
	p.Given = min(from+connector.MaxBatch, len(s.records))
	text, _ := json.Marshal(p) // a string and a number cannot fail
	more := p.Given < len(s.records)
	if !more {
		l.last = nil // it takes much memory, and is not needed again unless the caller fails to store the position
	}
	return connector.Batch{
		Records: s.records[from:p.Given], Position: string(text), More: more,
		Full: l.Full && !more && !s.broken,
	}, nil
}

// Room reports as an error that a listing has grown to n records, more than can be held.
func Room(n int) error {
	if n > MaxListing {
		return fmt.Errorf("systemet har over %d poster; giv kilden en position, så den kun spørger efter nye", MaxListing)
	}
	return nil
}

// snapshot gives the listing that p is in the middle of, or a new one.
func (l *Listing) snapshot(ctx context.Context, p listingPosition) (*snapshot, error) {
	if s := l.last; s != nil && s.sum == p.Sum && p.Given < len(s.records) {
		return s, nil
	}
	l.last = nil
	records, err := l.Fetch(ctx)
	if err != nil {
		return nil, err
	}
	l.last = newSnapshot(records)
	return l.last, nil
}

func newSnapshot(records []connector.Record) *snapshot {
	h := sha256.New()
	s := &snapshot{records: records}
	for _, r := range records {
		h.Write([]byte(Digest(r)))
		s.broken = s.broken || r.Err != nil
	}
	s.sum = hex.EncodeToString(h.Sum(nil)[:16])
	return s
}
