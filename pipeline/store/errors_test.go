package store_test

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"github.com/malgrupp/malgrupp/pipeline/store"
)

func TestAnErrorIsOneLineThatSaysWhatHappenedToWhat(t *testing.T) {
	for _, c := range []struct {
		cause error
		want  string
	}{
		{
			&fs.PathError{Op: "statat", Path: "dt=2026-04-01", Err: syscall.ENOENT},
			`list "dt=2026-04-01/" in gs://logs/: not found: no such file or directory`,
		},
		{
			fmt.Errorf("blob: %w", &azcore.ResponseError{ErrorCode: "ContainerNotFound", StatusCode: 404}),
			`list "dt=2026-04-01/" in gs://logs/: not found: status 404, ContainerNotFound`,
		},
		{errors.New("no such bucket"), `list "dt=2026-04-01/" in gs://logs/: not found: no such bucket`},
	} {
		err := &store.Error{Op: "list", URL: "gs://logs/", Key: "dt=2026-04-01/", Code: store.NotFound, Err: c.cause}
		if got := err.Error(); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}
