// Package driver is the narrow contract between the documents' bytes and where they are kept. A folder and an object store
// fulfil it; what must be the same with both is written once, above it, in package indhold. Both pass indhold/drivertest.
package driver

import (
	"context"
	"errors"
	"io"
	"time"
)

// Store keeps bytes under names: the SHA-256 of the bytes, in hex. It is safe for concurrent use, also by several processes. An
// error that is not one of those named is the store's own, and may be gone at the next try; a context that ends is its error.
type Store interface {
	// Create begins to write bytes whose name is not known yet.
	Create(ctx context.Context) (Writer, error)
	// Open opens bytes to be read; the caller closes. ErrMissing when there are none with that name. The context is for all of the
	// reading.
	Open(ctx context.Context, name string) (io.ReadSeekCloser, error)
	// Has reports whether there are bytes with that name.
	Has(ctx context.Context, name string) (bool, error)
	// Delete removes bytes, or what List gives of writing that never ended; of what is not there it is no error.
	Delete(ctx context.Context, name string) error
	// List gives f each name with the time of its writing, by the store's clock, in no order, and with names of another form what was
	// begun and never finished. What comes or goes meanwhile may be left out. An error of f ends it, and is returned.
	List(ctx context.Context, f func(name string, written time.Time) error) error
}

// Writer takes the bytes.
type Writer interface {
	io.Writer
	// Commit gives the bytes their name. When it returns nil they are there, whole and durable, and the same bytes again are no error;
	// before, nobody sees any of them.
	Commit(ctx context.Context, name string) error
	// Abort gives up bytes without a name, and does nothing after Commit has given them one.
	Abort() error
}

// ErrMissing is returned by [Store.Open].
var ErrMissing = errors.New("no such bytes")
