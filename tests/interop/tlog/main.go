// Checks a log as an outsider would: with an implementation of C2SP's formats that is not the log's own.
//
//	tlog BASE VKEY OLD-CHECKPOINT LEAF-FILE...
//
// BASE is the log's prefix; OLD-CHECKPOINT a file with a checkpoint that was kept, or "-".  Each LEAF-FILE is called
// INDEX.leaf and holds the octets of the entry at that index.  Prints what was verified, as JSON.
//
//	tlog proofs VKEY LEAF-FILE PROOF-FILE...
//
// Verifies each entry by its proof alone, offline: c2sp.org/tlog-proof@v1, as evidence packages hold it.
//
// What a witness does, and a log towards one, is in witness.go.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	log.SetFlags(0)
	switch os.Args[1] {
	case "proofs":
		proofs(os.Args[2], os.Args[3:])
		return
	case "witness":
		witness(os.Args[2], os.Args[3])
		return
	case "policy":
		policy(os.Args[2], os.Args[3])
		return
	case "key":
		key(os.Args[2])
		return
	case "submit":
		submit(os.Args[2], os.Args[3], os.Args[4])
		return
	}
	base, vkey, old, leaves := os.Args[1], os.Args[2], os.Args[3], os.Args[4:]
	verifier, err := note.NewVerifier(vkey)
	check(err)
	checkpoint := open(fetch(base+"/checkpoint"), verifier)
	if checkpoint.Origin != verifier.Name() {
		log.Fatalf("the checkpoint is of %s", checkpoint.Origin)
	}
	fetcher, err := torchwood.NewTileFetcher(base)
	check(err)
	ctx := context.Background()
	reader := torchwood.TileHashReaderWithContext(ctx, checkpoint.Tree, fetcher)
	said := map[string]any{"size": checkpoint.N, "origin": checkpoint.Origin}

	included := 0
	for _, path := range leaves {
		entry, err := os.ReadFile(path)
		check(err)
		index, err := strconv.ParseInt(strings.TrimSuffix(filepath.Base(path), ".leaf"), 10, 64)
		check(err)
		proof, err := tlog.ProveRecord(checkpoint.N, index, reader)
		check(err)
		check(tlog.CheckRecord(proof, checkpoint.N, checkpoint.Hash, index, tlog.RecordHash(entry)))
		altered := append(bytes.Clone(entry), ' ')
		if tlog.CheckRecord(proof, checkpoint.N, checkpoint.Hash, index, tlog.RecordHash(altered)) == nil {
			log.Fatal("an altered entry was proved")
		}
		included++
	}
	said["included"] = included

	if old != "-" {
		octets, err := os.ReadFile(old)
		check(err)
		before := open(octets, verifier)
		proof, err := tlog.ProveTree(checkpoint.N, before.N, reader)
		check(err)
		check(tlog.CheckTree(proof, checkpoint.N, checkpoint.Hash, before.N, before.Hash))
		said["consistent"] = before.N
	}
	check(json.NewEncoder(os.Stdout).Encode(said))
}

func proofs(vkey string, files []string) {
	verifier, err := note.NewVerifier(vkey)
	check(err)
	policy := torchwood.ThresholdPolicy(2, torchwood.OriginPolicy(verifier.Name()), torchwood.SingleVerifierPolicy(verifier))
	for at := 0; at < len(files); at += 2 {
		entry, err := os.ReadFile(files[at])
		check(err)
		proof, err := os.ReadFile(files[at+1])
		check(err)
		check(torchwood.VerifyProof(policy, tlog.RecordHash(entry), proof))
		if torchwood.VerifyProof(policy, tlog.RecordHash(append(entry, ' ')), proof) == nil {
			log.Fatal("an altered entry was proved")
		}
	}
	check(json.NewEncoder(os.Stdout).Encode(map[string]any{"proved": len(files) / 2}))
}

func open(octets []byte, verifier note.Verifier) torchwood.Checkpoint {
	opened, err := note.Open(octets, note.VerifierList(verifier))
	check(err)
	checkpoint, err := torchwood.ParseCheckpoint(opened.Text)
	check(err)
	return checkpoint
}

func fetch(url string) []byte {
	response, err := http.Get(url)
	check(err)
	defer response.Body.Close()
	octets, err := io.ReadAll(response.Body)
	check(err)
	if response.StatusCode != 200 {
		check(fmt.Errorf("%s: %s", url, response.Status))
	}
	return octets
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
