# make test       everything that the tests need, then all tests
# make lint       formatting, linters, import order
# make bench      the budgets, as ratios measured in one run; 5 GB of disk
# make bench-large  how lookups grow, up to ten million cases; 50 GB of disk
# make screenshots   the pictures in docs/, from the running program
# make offline    the verifier for pages (WebAssembly), compiled anew
# make build      the program, for production
GO ?= go
# SQLite maps 2 GB of a database into memory unless it is built otherwise, and
# reads the rest by system calls; here 1 TB.
export CGO_CFLAGS ?= -O2 -g -DSQLITE_MAX_MMAP_SIZE=1099511627776
LINT_VERSION := v2.15.0

.PHONY: build test race fuzz lint bench bench-large screenshots offline tools clean
build:
	$(GO) build -trimpath -o yinzheng ./cmd/yinzheng

test: tools
	$(GO) test -timeout 30m $(SLOW) ./...

# The packages that take longest begin first, or one of them would end alone.
SLOW := ./web ./cmd/... .

# Where goroutines of ours meet; what does one thing after another has its turn in test
# alone (internal/inturn). lint has vetted all of it.
race: tools
	$(GO) test -race -vet=off -timeout 30m $(SLOW) ./store/... ./signer ./keys ./catalogue ./register ./inquiry ./campaign ./workbook ./resident ./rating ./sender

# A short fuzz of every parser of outside bytes. The targets of a package share a program.
FUZZTIME ?= 20000x
fuzz:
	@set -e; trap 'rm -f fuzz.log fuzz.test' EXIT; top=$$PWD; cache=$$($(GO) env GOCACHE)/fuzz/yinzheng; \
	for pkg in $$(grep -rl '^func Fuzz' --include='*_test.go' . | xargs -n 1 dirname | sort -u); do \
	  $(GO) test -c -vet=off -fuzz . -o fuzz.test $$pkg; \
	  for f in $$(cd $$pkg && $$top/fuzz.test -test.list '^Fuzz'); do \
	    echo "$$pkg $$f"; \
	    (cd $$pkg && $$top/fuzz.test -test.run '^$$' -test.fuzz "^$$f\$$" -test.fuzztime $(FUZZTIME) -test.fuzzminimizetime 5x -test.fuzzcachedir "$$cache/$$pkg") >fuzz.log 2>&1 || { cat fuzz.log; exit 1; }; \
	  done; done

lint:
	$(GO) vet ./...
	$(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION) run

bench:
	$(GO) run ./internal/bench

bench-large:
	$(GO) run ./internal/bench -growth 10000000

screenshots: tools
	$(GO) run ./internal/pictures

offline:
	$(GO) test -count=1 -run '^TestVerifierIsCurrent$$' ./web -update

tools:
	./tools.sh

clean:
	rm -rf out data yinzheng fuzz.log fuzz.test
