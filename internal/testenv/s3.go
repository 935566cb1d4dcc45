package testenv

import (
	"context"
	"crypto/rand"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// Bucket is a bucket of its own in a real object store.
type Bucket struct {
	Endpoint  string // host:port
	TLS       bool
	Region    string
	AccessKey string
	SecretKey string
	Name      string
}

// S3 returns a bucket of its own, empty, which is removed with all that is in it when the test ends.
func S3(t testing.TB) *Bucket {
	t.Helper()
	u, err := url.Parse(need(t, "s3", "MOX_TEST_S3_URL"))
	if err != nil {
		t.Fatal("MOX_TEST_S3_URL is not a URL") // not err: it would quote the URL with its secret
	}
	secret, _ := u.User.Password()
	b := &Bucket{
		Endpoint: u.Host, TLS: u.Scheme == "https", Region: "us-east-1", AccessKey: u.User.Username(), SecretKey: secret,
		Name: "mox-test-" + strings.ToLower(rand.Text()),
	}
	if err := b.Client(t).MakeBucket(t.Context(), b.Name, minio.MakeBucketOptions{Region: b.Region}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.remove(t) })
	return b
}

// URL is the store's address.
func (b *Bucket) URL() string {
	if b.TLS {
		return "https://" + b.Endpoint
	}
	return "http://" + b.Endpoint
}

// Client is a client of the store.
func (b *Bucket) Client(t testing.TB) *minio.Client {
	t.Helper()
	c, err := minio.New(b.Endpoint, &minio.Options{Creds: credentials.NewStaticV4(b.AccessKey, b.SecretKey, ""), Secure: b.TLS, Region: b.Region})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// remove removes the bucket and what is in it. Parts of uploads that nobody finished go with it.
func (b *Bucket) remove(t testing.TB) {
	t.Helper()
	// Not t.Context(): it is already cancelled when a cleanup runs.
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c := b.Client(t)
	objects := c.ListObjects(ctx, b.Name, minio.ListObjectsOptions{Recursive: true})
	for e := range c.RemoveObjects(ctx, b.Name, objects, minio.RemoveObjectsOptions{}) {
		t.Errorf("%s: %v", e.ObjectName, e.Err)
	}
	if err := c.RemoveBucket(ctx, b.Name); err != nil {
		t.Errorf("%s: %v", b.Name, err)
	}
}
