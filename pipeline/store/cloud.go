package store

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"net/url"

	"cloud.google.com/go/storage"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"gocloud.dev/blob"
	"gocloud.dev/blob/azureblob"
	"gocloud.dev/blob/memblob"
	"gocloud.dev/gcerrors"
)

// cloud is a bucket behind a gocloud.dev driver.
type cloud struct {
	bucket *blob.Bucket
	shared bool // others use the same bucket: do not close it
}

func (m *Memory) open(name string) *blob.Bucket {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.buckets == nil {
		m.buckets = make(map[string]*blob.Bucket)
	}
	if m.buckets[name] == nil {
		m.buckets[name] = memblob.OpenBucket(nil)
	}
	return m.buckets[name]
}

// open opens a cloud's bucket. The driver's URLs reach Azure itself and this machine, nothing between: another server's
// container is opened by its address, under which the account is a folder. A token that whoever receives it may use
// (SAS) stays with Azure.
func (at *location) open(ctx context.Context) (*blob.Bucket, error) {
	if at.azure == "" {
		return blob.OpenBucket(ctx, at.driver)
	}
	env := azureblob.NewDefaultServiceURLOptions()
	account := cmp.Or(at.account, env.AccountName)
	switch {
	case account == "":
		return nil, errors.New("which account? set AZURE_STORAGE_ACCOUNT, or storage_account in the URL")
	case env.SASToken != "":
		return nil, errors.New("AZURE_STORAGE_SAS_TOKEN is not sent to another server than Azure: use AZURE_STORAGE_KEY")
	}
	server := azureblob.ServiceURL(at.azure + "/" + url.PathEscape(account))
	client, err := azureblob.NewDefaultClient(server, azureblob.ContainerName(at.bucket))
	if err != nil {
		return nil, err
	}
	return azureblob.OpenBucket(ctx, client, nil)
}

func (c *cloud) close() error {
	if c.shared {
		return nil
	}
	return c.bucket.Close()
}

func (c *cloud) list(ctx context.Context, prefix string) ([]Object, error) {
	var objects []Object
	for it := c.bucket.List(&blob.ListOptions{Prefix: prefix}); ; {
		o, err := it.Next(ctx)
		if err == io.EOF {
			return objects, nil
		}
		if err != nil {
			return nil, err
		}
		if o.IsDir {
			continue
		}
		listed := Object{Key: o.Key, Size: o.Size, ModTime: o.ModTime, ETag: etag(o)}
		if listed.ETag == "" {
			head, err := c.stat(ctx, o.Key)
			if err != nil {
				return nil, err
			}
			listed.ETag = head.ETag
		}
		objects = append(objects, listed)
	}
}

// etag asks the driver's own listing for the entity tag, which the common one does not carry.
func etag(o *blob.ListObject) string {
	var listed types.Object
	if o.As(&listed) && listed.ETag != nil {
		return *listed.ETag
	}
	var gcs storage.ObjectAttrs
	if o.As(&gcs) {
		return gcs.Etag
	}
	var azure container.BlobItem
	if o.As(&azure) && azure.Properties != nil && azure.Properties.ETag != nil {
		return string(*azure.Properties.ETag)
	}
	return hex.EncodeToString(o.MD5)
}

func (c *cloud) stat(ctx context.Context, key string) (Object, error) {
	a, err := c.bucket.Attributes(ctx, key)
	if err != nil {
		return Object{}, err
	}
	tag := a.ETag
	if c.shared && len(a.MD5) > 0 {
		tag = hex.EncodeToString(a.MD5)
	}
	return Object{Key: key, Size: a.Size, ModTime: a.ModTime, ETag: tag}, nil
}

const anyContent = "application/octet-stream" // Upload demands some type

// upload uses the driver's Upload, which is handed the reader itself: there is no pipe between that a failed write
// could leave open.
func (c *cloud) upload(ctx context.Context, key string, r io.Reader, contentType string) error {
	if contentType == "" {
		contentType = anyContent
	}
	return c.bucket.Upload(ctx, key, r, &blob.WriterOptions{ContentType: contentType})
}

func (c *cloud) create(ctx context.Context, key string, b []byte) error {
	err := c.bucket.Upload(ctx, key, bytes.NewReader(b), &blob.WriterOptions{ContentType: anyContent, IfNotExist: true})
	if code := gcerrors.Code(err); code == gcerrors.FailedPrecondition || code == gcerrors.AlreadyExists {
		return errors.Join(ErrExists, err)
	}
	return err
}

func (c *cloud) delete(ctx context.Context, key string) error { return c.bucket.Delete(ctx, key) }

func (c *cloud) open(ctx context.Context, key string, size int64) (Reader, error) {
	return &rangeReader{ctx: ctx, bucket: c.bucket, key: key, size: size}, nil
}

// rangeReader turns every read at an offset into one ranged request of exactly its bytes: whoever reads knows best what
// will be wanted next.
type rangeReader struct {
	ctx    context.Context
	bucket *blob.Bucket
	key    string
	size   int64
}

func (r *rangeReader) Close() error { return nil }

func (r *rangeReader) ReadAt(p []byte, offset int64) (int, error) {
	if offset < 0 || offset >= r.size {
		return 0, io.EOF
	}
	want := p[:min(int64(len(p)), r.size-offset)]
	switch err := r.fetch(want, offset); {
	case err != nil:
		return 0, err
	case len(want) < len(p):
		return len(want), io.EOF
	}
	return len(want), nil
}

func (r *rangeReader) fetch(b []byte, offset int64) error {
	options := &blob.ReaderOptions{BeforeRead: quietly}
	body, err := r.bucket.NewRangeReader(r.ctx, r.key, offset, int64(len(b)), options)
	if err != nil {
		return err
	}
	_, err = io.ReadFull(body, b)
	return errors.Join(err, body.Close())
}

// quietly keeps S3's library from saying of every range, on standard error, that it came without a checksum.
func quietly(as func(any) bool) error {
	var options *[]func(*s3.Options)
	if as(&options) {
		*options = append(*options, func(o *s3.Options) { o.DisableLogOutputChecksumValidationSkipped = true })
	}
	return nil
}
