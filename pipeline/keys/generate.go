package keys

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"filippo.io/age"
)

// The files that Generate writes. ListFile opens lists: it belongs to whoever receives them and not to the job.
const (
	MasterFile     = "master.key"
	StateFile      = "state.key"
	SigningFile    = "signing.key"
	RecipientsFile = "recipients.txt"
	ListFile       = "list.key"
)

// file is one file that is about to be written.
type file struct {
	name string
	text []byte
}

// Generate makes a full set of keys in a folder, which is made if it is not there. Files have mode 0600. An existing
// file is never overwritten: if one of the names is taken, nothing is written.
func Generate(dir string) error {
	files, err := generate()
	if err != nil {
		return fmt.Errorf("make keys: %w", err)
	}
	defer func() {
		for _, f := range files {
			clear(f.text)
		}
	}()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make keys: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("make keys: %w", err)
	}
	defer root.Close()
	for _, f := range files {
		if _, err := root.Lstat(f.name); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("make keys in %s: %s is already there and is not overwritten; choose another folder, or move "+
				"the old keys to a safe place", dir, f.name)
		}
	}
	for i, f := range files {
		if err := write(root, f); err != nil {
			for _, done := range files[:i] {
				_ = root.Remove(done.name)
			}
			return fmt.Errorf("make keys in %s: %w", dir, err)
		}
	}
	return nil
}

// write creates one file; if it cannot be written whole it is taken away again.
func write(root *os.Root, f file) error {
	out, err := root.OpenFile(f.name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = out.Write(f.text)
	if err = errors.Join(err, out.Sync(), out.Close()); err != nil {
		return errors.Join(err, root.Remove(f.name))
	}
	return nil
}

func generate() ([]file, error) {
	master := make([]byte, masterLength)
	rand.Read(master) // never fails
	defer clear(master)
	state, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, err
	}
	list, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, err
	}
	_, signing, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(signing)
	if err != nil {
		return nil, err
	}
	return []file{
		{MasterFile, append(hex.AppendEncode(nil, master), '\n')},
		{StateFile, identityFile(state)},
		{SigningFile, pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der})},
		{RecipientsFile, fmt.Appendf(nil, "%s\n", list.Recipient())},
		{ListFile, identityFile(list)},
	}, nil
}

// identityFile is the form that age-keygen writes.
func identityFile(i *age.X25519Identity) []byte {
	return fmt.Appendf(nil, "# public key: %s\n%s\n", i.Recipient(), i)
}
