package testenv

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"golang.org/x/sync/errgroup"
)

func TestS3GivesEachTestItsOwnBucket(t *testing.T) {
	t.Parallel()
	var first *Bucket
	t.Run("first", func(t *testing.T) {
		first = S3(t)
		putS3(t, first, "mappe/sag.txt", []byte("Sag 1"))
	})
	if first == nil {
		return // the subtest has said why: skipped, or failed
	}
	second := S3(t)
	if first.Name == second.Name || len(listS3(t, second, "", 0)) != 0 {
		t.Errorf("a new bucket %s has what is in an earlier one", second.Name)
	}
	if there, err := second.Client(t).BucketExists(t.Context(), first.Name); there || err != nil {
		t.Errorf("the first bucket is still there after its test: %v, %v", there, err)
	}
}

// What the store must be able to do for a driver of ours to be tried against it.
func TestS3Object(t *testing.T) {
	t.Parallel()
	b := S3(t)
	c := b.Client(t)
	before := time.Now().Add(-2 * time.Second)
	info := putS3(t, b, "mappe/æ ø+å.txt", []byte("0123456789"))
	stat, err := c.StatObject(t.Context(), b.Name, "mappe/æ ø+å.txt", minio.StatObjectOptions{})
	if err != nil || stat.Size != 10 || stat.ETag != info.ETag || stat.UserMetadata["Afsender"] != "mox" {
		t.Errorf("%+v, %v", stat, err)
	}
	if got := getS3(t, b, "mappe/æ ø+å.txt", minio.GetObjectOptions{}); got != "0123456789" {
		t.Errorf("read %q", got)
	}
	if l := listS3(t, b, "mappe/", 0); len(l) != 1 || l[0].Key != "mappe/æ ø+å.txt" || l[0].Size != 10 || l[0].ETag != info.ETag ||
		l[0].LastModified.Before(before) || l[0].LastModified.After(time.Now().Add(2*time.Second)) {
		t.Errorf("%+v", l)
	}
	putS3(t, b, "mappe/æ ø+å.txt", []byte("anden"))
	if got := getS3(t, b, "mappe/æ ø+å.txt", minio.GetObjectOptions{}); got != "anden" {
		t.Errorf("after it was replaced: %q", got)
	}
	for range 2 { // it is no error that it is gone
		if err := c.RemoveObject(t.Context(), b.Name, "mappe/æ ø+å.txt", minio.RemoveObjectOptions{}); err != nil {
			t.Error(err)
		}
	}
	_, err = c.StatObject(t.Context(), b.Name, "mappe/æ ø+å.txt", minio.StatObjectOptions{})
	if e := minio.ToErrorResponse(err); e.Code != "NoSuchKey" || e.StatusCode != http.StatusNotFound {
		t.Errorf("%+v", e)
	}
}

func TestS3PartsAndRanges(t *testing.T) {
	t.Parallel()
	b := S3(t)
	c := b.Client(t)
	content := make([]byte, 20<<20)
	for i := range content {
		content[i] = byte(i >> 10)
	}
	for name, size := range map[string]int64{"known": int64(len(content)), "unknown": -1} {
		o := asIs()
		o.PartSize = 8 << 20
		info, err := c.PutObject(t.Context(), b.Name, name, bytes.NewReader(content), size, o)
		if err != nil || !strings.HasSuffix(info.ETag, "-3") {
			t.Fatalf("%s: three parts: %+v, %v", name, info, err)
		}
		if got := getS3(t, b, name, minio.GetObjectOptions{}); got != string(content) {
			t.Errorf("%s: read %d bytes, and not what was written", name, len(got))
		}
		var part minio.GetObjectOptions
		if err := part.SetRange(8<<20-5, 8<<20+4); err != nil {
			t.Fatal(err)
		}
		if got := getS3(t, b, name, part); got != string(content[8<<20-5:8<<20+5]) {
			t.Errorf("%s: across two parts: %q", name, got)
		}
	}
}

func TestS3ListsMoreThanOnePage(t *testing.T) {
	t.Parallel()
	b := S3(t)
	var g errgroup.Group
	g.SetLimit(8)
	for i := range 25 {
		g.Go(func() error {
			_, err := b.Client(t).PutObject(t.Context(), b.Name, fmt.Sprintf("a/%d/%02d", i%2, i), strings.NewReader("x"), 1, asIs())
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	for prefix, want := range map[string]int{"": 25, "a/1/": 12, "a/0/0": 5, "b": 0} {
		l := listS3(t, b, prefix, 4)
		if len(l) != want {
			t.Errorf("%q: %d objects, want %d", prefix, len(l), want)
		}
		for i := 1; i < len(l); i++ {
			if l[i-1].Key >= l[i].Key {
				t.Errorf("%q: %s before %s", prefix, l[i-1].Key, l[i].Key)
			}
		}
	}
}

func TestS3SecretIsNotShown(t *testing.T) {
	t.Setenv("MOX_TEST_S3_URL", "http://noegle:hemmelig@127.0.0.1:port")
	f := &fake{}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		S3(f)
	}()
	<-ended
	if f.outcome != "fail" || strings.Contains(f.text, "hemmelig") {
		t.Errorf("%s: %s", f.outcome, f.text)
	}
}

// asIs sends the content as it is, with its MD5. Else, without TLS, the client signs it piece by piece (aws-chunked), which
// Swift 2.30 is without.
func asIs() minio.PutObjectOptions {
	return minio.PutObjectOptions{DisableContentSha256: true, SendContentMd5: true}
}

func putS3(t *testing.T, b *Bucket, name string, content []byte) minio.UploadInfo {
	t.Helper()
	o := asIs()
	o.ContentType, o.UserMetadata = "text/plain", map[string]string{"afsender": "mox"}
	info, err := b.Client(t).PutObject(t.Context(), b.Name, name, bytes.NewReader(content), int64(len(content)), o)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func getS3(t *testing.T, b *Bucket, name string, o minio.GetObjectOptions) string {
	t.Helper()
	r, err := b.Client(t).GetObject(t.Context(), b.Name, name, o)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// listS3 lists all below the prefix, so many at a time; 0 = as the store does.
func listS3(t *testing.T, b *Bucket, prefix string, page int) (all []minio.ObjectInfo) {
	t.Helper()
	for o := range b.Client(t).ListObjects(t.Context(), b.Name, minio.ListObjectsOptions{Prefix: prefix, Recursive: true, MaxKeys: page}) {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
		all = append(all, o)
	}
	return all
}
