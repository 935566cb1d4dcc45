// Package connector is the way into and out of one existing system: a folder of files, here or on an SFTP server, an HTTP
// or SOAP service, a database, a mailbox, a queue.
//
// A connector knows nothing of the OIO standard, of beskeder or of delivery. A [Source] turns what the system holds
// into flat records with a position; a [Sink] makes one call to the system and says what came of it. Mapping, retry and
// receipts belong to those who use it. Each implementation passes connector/connectortest.
package connector

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// Place says where in the foreign system a record stands, so that a person can find it again.
type Place struct {
	File   string `json:"fil,omitempty"`     // path below the source's folder, or the URL or table read
	Line   int    `json:"linje,omitempty"`   // 1-based; 0 = not known
	Column int    `json:"kolonne,omitempty"` // 1-based; 0 = not known
	Record int    `json:"post,omitempty"`    // 1-based number of the record in File
}

func (p Place) String() string {
	s := p.File
	if p.Line > 0 {
		s += fmt.Sprintf(":%d", p.Line)
		if p.Column > 0 {
			s += fmt.Sprintf(":%d", p.Column)
		}
	} else if p.Record > 0 {
		s += fmt.Sprintf(" (post %d)", p.Record)
	}
	return s
}

// Record is one thing the foreign system told: a row, an element, an object.
//
// Nested data are flattened with dots ("sag.part.0.navn"; XML attributes as "@navn"; see [FlattenJSON] and
// [Element.Flatten]); an absent or null value has no key. A record that could be found but not read has Err set, no Fields, and Raw as it stood: it is never skipped.
type Record struct {
	Fields map[string]string // local field name → value, UTF-8
	Raw    []byte            // the record as it stood in the system, before charset conversion; may be cut at MaxRaw
	Place  Place
	Err    error // why the record could not be read; nil when Fields can be used
}

// MaxRaw is how many bytes of a record a connector keeps in [Record.Raw].
const MaxRaw = 1 << 20

// Batch is what one [Source.Read] gave.
//
// A batch without records may have a new position (an empty file was read), which is to be committed like any other.
type Batch struct {
	Records  []Record
	Position string // position after the last record, opaque to the caller; equals the given one when nothing was new
	More     bool   // more can perhaps be read at once, without waiting
	// Full says that the batch ends a complete listing of the system's records (eksport: fuld): what was not in the
	// listing is not in the system. Never set when a record of the listing could not be read, since its key is unknown.
	Full bool
}

// MaxBatch is the greatest number of records in a [Batch].
const MaxBatch = 500

// Source reads records from a system, in the system's order.
//
// Read and Committed are called by one goroutine at a time; Open and Check may be called beside them. Close ends no
// call that is under way (cancel its context for that), and is harmless to repeat.
type Source interface {
	// Read returns the records after position ("" = from the beginning), at most [MaxBatch], without waiting for new
	// ones. The same position gives the same records again until the system changes. Reading has no effect in the
	// system. A temporary failure is an [*Error] with Temporary set.
	Read(ctx context.Context, position string) (Batch, error)
	// Committed tells the source that everything up to position is safely stored, so that it may tidy up (move a read
	// file away). It is harmless to repeat, and to leave out after a crash.
	Committed(ctx context.Context, position string) error
	// Open returns the document content that a record's field refers to (a file name, a URL). The caller closes it.
	// A reference outside what the source may read is refused.
	Open(ctx context.Context, ref string) (io.ReadCloser, error)
	// Check reports whether the system can be reached and read, without effect.
	Check(ctx context.Context) error
	Close() error
}

// Call is one piece of work for a [Sink].
type Call struct {
	Operation string            // which of the sink's operations: "opret", "ret", "passiver", "slet"; a sink without variants ignores it
	Key       string            // idempotency key, the same for every attempt at this piece of work
	Vars      map[string]string // values for {{name}} in addresses and file names: key, besked.…; {{noegle}} is Key
	Fields    map[string]any    // the body, local field names with dots; string, int64, float64, bool or nil
	Content   map[string]Opener // local field name → document bytes to send in that field
}

// Var gives the value that {{name}} stands for in this call's templates; it is a [Vars].
func (c Call) Var(name string) (string, bool) {
	if name == "noegle" {
		return c.Key, true
	}
	v, ok := c.Vars[name]
	return v, ok
}

// Opener gives the bytes of a document. The caller closes the reader.
type Opener func(ctx context.Context) (io.ReadCloser, error)

// Answer is what the system said.
type Answer struct {
	Code   string            // HTTP status ("201"), SOAP fault code, "ok", or a code the sink's package documents
	Fields map[string]string // the answer's fields, flattened as in [Record]
	Text   string            // the system's own words about a refusal; empty when it accepted
	Raw    []byte            // the first MaxAnswerRaw bytes of the answer
	After  time.Duration     // how long the system asks us to wait (Retry-After); 0 = not said
}

// MaxAnswerRaw is how much of an answer is kept.
const MaxAnswerRaw = 4 << 10

// Sink performs calls at a system. Its methods may be called by several goroutines at once.
type Sink interface {
	// Write performs one call. An answer of any kind, refusals included, is an Answer and no error. An error says that
	// there was no answer, and its [*Error] whether the call can have had effect.
	Write(ctx context.Context, c Call) (Answer, error)
	// Lookup asks the system whether the call with c.Key or c.Vars has already had its effect (gentag: opslag); found
	// tells, and the Answer has the fields Write would have answered with; the caller counts found as accepted, whatever
	// the Code, which is that of the lookup. When the system's answer does not show whether, it is an error, never "not
	// found". A sink without a configured lookup returns ErrNoLookup.
	Lookup(ctx context.Context, c Call) (a Answer, found bool, err error)
	// Check reports whether the system can be reached and would let us in, without effect; [ErrUntried] where it answers, and
	// nothing is configured that shows the rest.
	Check(ctx context.Context) error
	Close() error
}

// ErrUntried is returned by [Sink.Check] where the system answers, and whether it lets us in was not tried.
var ErrUntried = errors.New("connector: the system answers; whether it lets us in was not tried")

// ErrNoLookup is returned by [Sink.Lookup] where the sink has no lookup configured.
var ErrNoLookup = errors.New("connector: sink has no lookup (opslag) configured")

// Error is a failure to talk with a system. Its text never contains a secret or a record's values.
type Error struct {
	Op        string // what was tried: "læs mappe", "POST /api/cases"
	Err       error
	Temporary bool // trying again later may help
	Unknown   bool // the call may have had its effect: it was sent, and no answer came
}

func (e *Error) Error() string { return e.Op + ": " + e.Err.Error() }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Refused makes the error of a call that was given up before anything was sent: it had no effect. It is temporary when
// its cause is.
func Refused(op string, err error) *Error { return &Error{Op: op, Err: err, Temporary: Temporary(err)} }

// Temporary reports whether trying again may help.
func Temporary(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Temporary
}

// Unknown reports whether the failed call may have had its effect in the system.
func Unknown(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Unknown
}
