// Package s3 keeps documents' bytes in an object store that speaks Amazon's S3.
package s3

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/moxkit/mox/indhold/driver"
)

// Options say where the object store is, and who asks.
type Options struct {
	URL    string // https://host or https://host:port
	Region string // "" = us-east-1, which stores without regions take
	Bucket string // it must be there
	Prefix string // of the objects' names, for a bucket that others use too: "mox/"
	Key    string
	Secret string
	CA     *x509.CertPool // who may have issued the store's certificate; nil = the machine's own
	Dir    string         // where bytes are kept while their name is not known; it must be there
}

// Check reports what is wrong with the options, as far as they can be read without asking the store.
func (o *Options) Check() error {
	_, err := o.address()
	return err
}

func (o *Options) address() (*url.URL, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || strings.Trim(u.Path, "/") != "" || u.User != nil {
		return nil, errors.New("s3: the address is not https://host") // not err: it would quote a secret
	}
	return u, nil
}

// Store is a bucket. It is a [driver.Store].
type Store struct {
	o      Options
	client *minio.Client
}

const (
	defaultRegion = "us-east-1"
	callTimeout   = time.Minute // for an answer to begin; a document may take longer to come
	maxTries      = 3           // of a call that failed for a reason that may pass
	newPrefix     = "ny-"       // begins the names of files whose bytes have none yet
	nameLen       = 64
)

// Open prepares the store; nothing is asked of it yet. What an earlier process was writing when it ended is removed.
func Open(o Options) (*Store, error) {
	u, err := o.address()
	if err != nil {
		return nil, err
	}
	transport, err := minio.DefaultTransport(u.Scheme == "https")
	if err != nil {
		return nil, fmt.Errorf("s3: %w", err)
	}
	transport.ResponseHeaderTimeout = callTimeout
	if o.CA != nil {
		transport.TLSClientConfig = &tls.Config{RootCAs: o.CA, MinVersion: tls.VersionTLS12}
	}
	if o.Region == "" {
		o.Region = defaultRegion
	}
	client, err := minio.New(u.Host, &minio.Options{Creds: credentials.NewStaticV4(o.Key, o.Secret, ""), Secure: u.Scheme == "https", Transport: transport,
		Region: o.Region, BucketLookup: minio.BucketLookupPath, MaxRetries: maxTries})
	if err != nil {
		return nil, fmt.Errorf("s3: %w", err)
	}
	old, err := filepath.Glob(filepath.Join(o.Dir, newPrefix+"*"))
	for _, f := range old {
		err = errors.Join(err, os.Remove(f))
	}
	return &Store{o, client}, err
}

// Create implements [driver.Store]. The bytes are in a file of this process until they have a name.
func (s *Store) Create(context.Context) (driver.Writer, error) {
	f, err := os.CreateTemp(s.o.Dir, newPrefix+"*")
	if err != nil {
		return nil, err
	}
	return &writer{f, s}, nil
}

type writer struct {
	*os.File // nil when done
	s        *Store
}

// Commit sends the bytes in one call, so that the store never has a part of them. Bytes that it has already are not sent.
func (w *writer) Commit(ctx context.Context, name string) error {
	if has, err := w.s.Has(ctx, name); err != nil || has {
		return err
	}
	size, err := w.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	// The name is the bytes' SHA-256, so the store checks them against it. Without the option they would go in signed parts, which not
	// all stores take.
	_, err = minio.Core{Client: w.s.client}.PutObject(ctx, w.s.o.Bucket, w.s.object(name), io.NewSectionReader(w.File, 0, size), size, "", name,
		minio.PutObjectOptions{ContentType: "application/octet-stream", DisableContentSha256: true})
	return err
}

// Abort implements [driver.Writer].
func (w *writer) Abort() error {
	if w.File == nil {
		return nil
	}
	err := errors.Join(w.Close(), os.Remove(w.Name()))
	w.File = nil
	return err
}

// Open implements [driver.Store].
func (s *Store) Open(ctx context.Context, name string) (io.ReadSeekCloser, error) {
	o, err := s.client.GetObject(ctx, s.o.Bucket, s.object(name), minio.GetObjectOptions{})
	if err != nil {
		return nil, err
	}
	if _, err := o.Stat(); err != nil { // GetObject asks for nothing yet
		_ = o.Close()
		if missing(err) {
			return nil, driver.ErrMissing
		}
		return nil, err
	}
	return o, nil
}

// Has implements [driver.Store].
func (s *Store) Has(ctx context.Context, name string) (bool, error) {
	_, err := s.client.StatObject(ctx, s.o.Bucket, s.object(name), minio.StatObjectOptions{})
	if missing(err) {
		return false, nil
	}
	return err == nil, err
}

// Delete implements [driver.Store].
func (s *Store) Delete(ctx context.Context, name string) error {
	err := s.client.RemoveObject(ctx, s.o.Bucket, s.object(name), minio.RemoveObjectOptions{})
	if missing(err) {
		return nil
	}
	return err
}

// List implements [driver.Store].
func (s *Store) List(ctx context.Context, f func(name string, written time.Time) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the listing where f does
	for o := range s.client.ListObjectsIter(ctx, s.o.Bucket, minio.ListObjectsOptions{Prefix: s.o.Prefix, Recursive: true}) {
		if o.Err != nil {
			return o.Err
		}
		name := o.Key[strings.LastIndex(o.Key, "/")+1:]
		if len(name) != nameLen || o.Key != s.object(name) {
			continue // not ours
		}
		if err := f(name, o.LastModified); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// ErrVersions is returned by [Store.Check] for a bucket that keeps what is deleted.
var ErrVersions = errors.New("s3: the bucket keeps versions: what is deleted would stay in it")

// Check reports whether the bucket is there and lets us in.
func (s *Store) Check(ctx context.Context) error {
	ok, err := s.client.BucketExists(ctx, s.o.Bucket)
	switch {
	case err != nil:
		return err
	case !ok:
		return fmt.Errorf("s3: there is no bucket %q", s.o.Bucket)
	}
	if v, err := s.client.GetBucketVersioning(ctx, s.o.Bucket); err == nil && v.Enabled() { // who may not ask, or of a store without, is not told
		return ErrVersions
	}
	return nil
}

// object is the name of an object in the bucket: as a path, so that a person who looks sees some order.
func (s *Store) object(name string) string { return s.o.Prefix + name[:2] + "/" + name }

// missing reports whether the store says that there is no such object, and not that there is no such bucket.
func missing(err error) bool {
	e := minio.ToErrorResponse(err)
	return err != nil && (e.Code == minio.NoSuchKey || e.Code == "NotFound" || e.Code == "" && e.StatusCode == http.StatusNotFound)
}
