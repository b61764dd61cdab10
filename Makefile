# For people who work here. A newcomer needs scripts/quickstart and scripts/test only.
.PHONY: build test check fmt golden acceptance bench-start bench-verify bench-memory bench-pull bench-stack bench-inspect bench-convert docs quickstart clean

build:        ; swift build
test:         ; scripts/test --skip AcceptanceTests
acceptance:   ; scripts/test --filter AcceptanceTests
check:        ; @.ci/check
fmt:          ; swift format --in-place --parallel --recursive Package.swift Sources Tests
golden:       ; UPDATE_GOLDEN=1 swift test --filter Golden
docs:         ; .ci/reference docs/cli
quickstart:   ; scripts/quickstart
bench-start:  ; Benchmarks/start.sh
bench-verify: ; Benchmarks/verify.sh
bench-memory: ; Benchmarks/memory.sh
bench-pull:   ; Benchmarks/pull.sh
bench-stack:  ; Benchmarks/stack.sh
bench-inspect: ; Benchmarks/inspect.sh
bench-convert: ; Benchmarks/convert.sh
clean:        ; swift package clean
