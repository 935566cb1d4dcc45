package s3_test

import (
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox/indhold/driver"
	"github.com/moxkit/mox/indhold/drivertest"
	"github.com/moxkit/mox/indhold/s3"
	"github.com/moxkit/mox/internal/testenv"
)

func TestDriver(t *testing.T) {
	t.Parallel()
	drivertest.Run(t, func(t *testing.T) func() driver.Store {
		o := options(t)
		return func() driver.Store { return open(t, o) }
	})
}

// options are those of a bucket of the test's own.
func options(t *testing.T) s3.Options {
	b := testenv.S3(t)
	return s3.Options{URL: b.URL(), Region: b.Region, Bucket: b.Name, Key: b.AccessKey, Secret: b.SecretKey}
}

// open opens the store as one more process would.
func open(t *testing.T, o s3.Options) *s3.Store {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	s, err := s3.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const name = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae" // of foo

func write(t *testing.T, s *s3.Store, text string) driver.Writer {
	t.Helper()
	w, err := s.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return w
}

func has(t *testing.T, s *s3.Store) bool {
	t.Helper()
	ok, err := s.Has(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

// The store holds what comes against its name: bytes that were changed on the way are not kept.
func TestChangedBytesAreRefused(t *testing.T) {
	t.Parallel()
	s := open(t, options(t))
	w := write(t, s, "fox")
	if err := w.Commit(t.Context(), name); err == nil || has(t, s) {
		t.Errorf("Commit = %v", err)
	}
	if err := w.Abort(); err != nil {
		t.Error(err)
	}
}

// What has no name when the process ends is gone when the next one opens; what others have in the bucket is left alone.
func TestPrefixAndLeftovers(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.Dir = t.TempDir()
	other := open(t, o)
	if err := write(t, other, "foo").Commit(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	write(t, other, "halv")
	o.Prefix = "mox/"
	s := open(t, o)
	if left, err := filepath.Glob(filepath.Join(o.Dir, "*")); err != nil || len(left) > 0 {
		t.Errorf("left: %v %v", left, err)
	}
	err := s.List(t.Context(), func(n string, _ time.Time) error {
		t.Errorf("%s is listed", n)
		return nil
	})
	if err != nil || has(t, s) {
		t.Error(err)
	}
	if err := s.Delete(t.Context(), name); err != nil || !has(t, other) {
		t.Error(err)
	}
}

// A bucket that is not there, a wrong secret and a store that does not answer are errors, and not missing documents.
func TestCheckAndErrors(t *testing.T) {
	t.Parallel()
	o := options(t)
	if err := open(t, o).Check(t.Context()); err != nil {
		t.Error(err)
	}
	for what, change := range map[string]func(*s3.Options){
		"bucket": func(o *s3.Options) { o.Bucket = "findes-ikke" },
		"secret": func(o *s3.Options) { o.Secret = "forkert-hemmelighed" },
		"url":    func(o *s3.Options) { o.URL = "http://127.0.0.1:1" },
	} {
		wrong := o
		change(&wrong)
		s := open(t, wrong)
		_, errOpen := s.Open(t.Context(), name)
		_, errHas := s.Has(t.Context(), name)
		for _, err := range []error{s.Check(t.Context()), write(t, s, "foo").Commit(t.Context(), name)} {
			if err == nil || strings.Contains(err.Error(), "forkert-hemmelighed") {
				t.Errorf("%s: %v", what, err)
			}
		}
		if what != "bucket" && (errOpen == nil || errOpen == driver.ErrMissing || errHas == nil) { // of a bucket that is not there an answer without a body says no more than 404
			t.Errorf("%s: Open = %v, Has = %v", what, errOpen, errHas)
		}
	}
	for _, url := range []string{"", "s3.kommune.dk", "ftp://s3.kommune.dk", "https://s3.kommune.dk/bucket", "https://mox:x@s3.kommune.dk"} {
		if _, err := s3.Open(s3.Options{URL: url, Bucket: "mox", Dir: t.TempDir()}); err == nil {
			t.Errorf("%q is taken", url)
		}
	}
}

// A bucket that keeps what is deleted is refused: documents that are erased for good would stay in it.
func TestVersionsAreRefused(t *testing.T) {
	t.Parallel()
	o := options(t)
	to, err := url.Parse(o.URL)
	if err != nil {
		t.Fatal(err)
	}
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host // it is signed
	}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("versioning") {
			_, _ = io.WriteString(w, `<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>Enabled</Status></VersioningConfiguration>`)
			return
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	o.URL = server.URL
	if err := open(t, o).Check(t.Context()); !errors.Is(err, s3.ErrVersions) {
		t.Error(err)
	}
}

// The store's certificate is held against the issuer that is given.
func TestCA(t *testing.T) {
	t.Parallel()
	o := options(t)
	to, err := url.Parse(o.URL)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewTLSServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host // it is signed
	}})
	t.Cleanup(server.Close)
	server.Config.ErrorLog = nil
	o.URL = server.URL
	if err := open(t, o).Check(t.Context()); err == nil {
		t.Error("an issuer that nobody has named is trusted")
	}
	o.CA = x509.NewCertPool()
	o.CA.AddCert(server.Certificate())
	s := open(t, o)
	if err := write(t, s, "foo").Commit(t.Context(), name); err != nil || !has(t, s) {
		t.Error(err)
	}
}
