package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A witness of one log, as c2sp.org/tlog-witness describes it.
//
//	tlog witness NAME LOG-VKEY
//
// Prints its key and URL as JSON, and serves until it is killed.
func witness(name, vkey string) {
	verifier, err := note.NewVerifier(vkey)
	check(err)
	trusted := torchwood.ThresholdPolicy(2, torchwood.OriginPolicy(verifier.Name()), torchwood.SingleVerifierPolicy(verifier))
	_, private, err := ed25519.GenerateKey(rand.Reader)
	check(err)
	signer, err := torchwood.NewCosignatureSigner(name, private)
	check(err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	var one sync.Mutex
	var last tlog.Tree
	http.HandleFunc("POST /add-checkpoint", func(w http.ResponseWriter, r *http.Request) {
		one.Lock()
		defer one.Unlock()
		body, err := io.ReadAll(r.Body)
		check(err)
		head, signed, _ := bytes.Cut(body, []byte("\n\n"))
		lines := strings.Split(string(head), "\n")
		old, err := strconv.ParseInt(strings.TrimPrefix(lines[0], "old "), 10, 64)
		if err != nil {
			http.Error(w, "no old size", 400)
			return
		}
		var proof tlog.TreeProof
		for _, line := range lines[1:] {
			hash, err := tlog.ParseHash(line)
			if err != nil {
				http.Error(w, "no hash", 400)
				return
			}
			proof = append(proof, hash)
		}
		checkpoint, opened, err := torchwood.VerifyCheckpoint(signed, trusted)
		if err != nil {
			http.Error(w, err.Error(), 403)
			return
		}
		if old != last.N {
			w.Header().Set("Content-Type", "text/x.tlog.size")
			w.WriteHeader(409)
			fmt.Fprintf(w, "%d\n", last.N)
			return
		}
		if old > 0 && tlog.CheckTree(proof, checkpoint.N, checkpoint.Hash, last.N, last.Hash) != nil {
			http.Error(w, "the proof does not hold", 422)
			return
		}
		last = checkpoint.Tree
		cosigned, err := note.Sign(&note.Note{Text: opened.Text}, signer)
		check(err)
		_, line, _ := bytes.Cut(cosigned, []byte("\n\n"))
		w.Write(line)
	})
	check(json.NewEncoder(os.Stdout).Encode(map[string]string{
		"key": signer.Verifier().String(), "url": "http://" + listener.Addr().String(),
	}))
	check(http.Serve(listener, nil))
}

// Verifies a checkpoint under a policy: which log, which witnesses, how many of them.
//
//	tlog policy POLICY-FILE CHECKPOINT-FILE
func policy(path, checkpointPath string) {
	octets, err := os.ReadFile(path)
	check(err)
	policy, err := torchwood.ParsePolicy(octets)
	check(err)
	signed, err := os.ReadFile(checkpointPath)
	check(err)
	checkpoint, opened, err := torchwood.VerifyCheckpoint(signed, policy)
	check(err)
	check(json.NewEncoder(os.Stdout).Encode(map[string]any{"size": checkpoint.N, "signatures": len(opened.Sigs)}))
}

// A log that is not ours asks a witness: it grows, is asked too late, and then forks.
//
//	tlog submit SKEY URL WITNESS-VKEY
//
// Prints the status of each answer, as JSON.  `tlog key ORIGIN` makes the key.
func submit(skey, url, vkey string) {
	signer, err := note.NewSigner(skey)
	check(err)
	cosigner, err := torchwood.NewCosignatureVerifier(vkey)
	check(err)
	var said []string
	hashes, forked := grown("entry"), grown("other")
	for _, step := range []struct {
		old, size int64
		from      []tlog.Hash
	}{{0, 3, hashes}, {3, 10, hashes}, {10, 10, hashes}, {3, 12, hashes}, {10, 20, forked}, {10, 10, forked}, {10, 20, hashes}} {
		status, kind, body := add(signer, url, step.from, step.old, step.size)
		switch {
		case status == 200:
			signed := append(checkpointOf(signer, step.from, step.size), body...)
			_, err := note.Open(signed, note.VerifierList(cosigner))
			check(err)
		case kind == "text/x.tlog.size":
			kind = strings.TrimSpace(string(body))
			said = append(said, fmt.Sprintf("%d %s", status, kind))
			continue
		}
		said = append(said, strconv.Itoa(status))
	}
	check(json.NewEncoder(os.Stdout).Encode(said))
}

func key(origin string) {
	skey, vkey, err := note.GenerateKey(rand.Reader, origin)
	check(err)
	check(json.NewEncoder(os.Stdout).Encode(map[string]string{"private": skey, "public": vkey}))
}

// The stored hashes of a tree of some entries.
func grown(name string) []tlog.Hash {
	var hashes []tlog.Hash
	for at := range int64(20) {
		more, err := tlog.StoredHashes(at, fmt.Appendf(nil, "%s %d", name, at), reader(hashes))
		check(err)
		hashes = append(hashes, more...)
	}
	return hashes
}

func reader(hashes []tlog.Hash) tlog.HashReaderFunc {
	return func(indexes []int64) ([]tlog.Hash, error) {
		found := make([]tlog.Hash, len(indexes))
		for at, index := range indexes {
			found[at] = hashes[index]
		}
		return found, nil
	}
}

func checkpointOf(signer note.Signer, hashes []tlog.Hash, size int64) []byte {
	root, err := tlog.TreeHash(size, reader(hashes))
	check(err)
	text := torchwood.Checkpoint{Origin: signer.Name(), Tree: tlog.Tree{N: size, Hash: root}}.String()
	signed, err := note.Sign(&note.Note{Text: text}, signer)
	check(err)
	return signed
}

func add(signer note.Signer, url string, hashes []tlog.Hash, old, size int64) (int, string, []byte) {
	body := &bytes.Buffer{}
	fmt.Fprintf(body, "old %d\n", old)
	if old > 0 && old < size {
		proof, err := tlog.ProveTree(size, old, reader(hashes))
		check(err)
		for _, hash := range proof {
			fmt.Fprintln(body, base64.StdEncoding.EncodeToString(hash[:]))
		}
	}
	fmt.Fprintln(body)
	body.Write(checkpointOf(signer, hashes, size))
	response, err := http.Post(url+"/add-checkpoint", "text/plain", body)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	check(err)
	return response.StatusCode, response.Header.Get("Content-Type"), answer
}
