# Builds the release binary for Debian 12, Ubuntu 22.04 and newer, and copies it out into bin/:
#
#     docker build -f docker/release.Dockerfile --output bin .
#
# The host that runs it needs libcurl4, libssl3 and libyaml-0-2; the Swift runtime is inside.

FROM swift:6.3-bookworm AS build
RUN apt-get -q update \
    && apt-get -q install -y --no-install-recommends \
        binutils ca-certificates git libcurl4-openssl-dev libssl-dev libyaml-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
# With .git, from which the version takes its commit.
COPY . .
RUN swift build -c release --static-swift-stdlib --product stackctl \
    && strip -o /stackctl "$(swift build -c release --static-swift-stdlib --show-bin-path)/stackctl"

# A Debian with nothing but what the first lines promise: what does not start here is not copied out.
FROM debian:bookworm-slim AS proof
RUN apt-get -q update \
    && apt-get -q install -y --no-install-recommends libcurl4 libssl3 libyaml-0-2 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /stackctl /stackctl
RUN /stackctl version && /stackctl catalog ls --quiet >/dev/null

FROM scratch
COPY --from=proof /stackctl /stackctl
