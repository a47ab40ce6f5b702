# shellcheck shell=bash
# shellcheck disable=SC2154  # `services` and `may_install` are tests/run's
#
# What tests/run starts for the tests: a container engine, two registries with images, one of them with Open MPI, two official
# SDKs, Azurite; and what it installs for them: validators and an editor's language server.
#
# Each service has a function start_NAME that exports the variables by which the tests find it, or calls
# skip_service and returns. tests/suite/support/service.rs is the other end.

# Why a service is not there, by its name; and how many are missing though they were wanted.
declare -A missing=()
unavailable=0
# What to do at the end; the last one added is done first.
cleanup=()

azure_batch_version=15.1.0
azure_batch_track1_version=14.2.0
azurite_version=3.35.0
check_jsonschema_version=0.39.0
pydantic_sarif_version=0.1.1
junitparser_version=5.0.3
yaml_language_server_version=1.25.0

start_services() {
    work=$(mktemp -d "${TMPDIR:-/tmp}/batchyard-services-XXXXXX")
    cleanup+=(remove_work)
    local target
    target=$(cargo metadata --locked --no-deps --format-version 1 | sed -E 's/.*"target_directory":"([^"]*)".*/\1/')
    tools=$target/test-tools
    mkdir -p "$tools"

    install_packages
    local service
    for service in "${services[@]}"; do
        "start_$service"
    done
    if ((${#missing[@]} == 0)); then
        export BATCHYARD_TEST_REQUIRE_ALL=1
    fi
}

skip_service() {
    missing[$1]=$2
    unavailable=$((unavailable + 1))
    echo "skipped $1: $2"
}

# ── Installing ───────────────────────────────────────────────────────────────────────────────────────────────────────

# Installs the Debian packages of the commands that are missing; elsewhere says nothing, the services will.
install_packages() {
    local packages=()
    if wants docker && ! reachable_engine >/dev/null; then
        command -v dockerd >/dev/null || packages+=(docker.io)
        command -v ip >/dev/null || packages+=(iproute2)
    fi
    if wants docker || wants registry; then
        has_static_busybox || packages+=(busybox-static)
    fi
    if wants registry; then
        command -v docker-registry >/dev/null || packages+=(docker-registry)
        command -v curl >/dev/null || packages+=(curl)
        command -v openssl >/dev/null || packages+=(openssl)
    fi
    # An ordinary user's containers need no service.
    command -v newuidmap >/dev/null || packages+=(uidmap)
    if wants python || wants validators; then
        python3 -c 'import venv, ensurepip' 2>/dev/null || packages+=(python3-venv)
    fi
    if wants azurite || wants editor; then
        command -v npm >/dev/null || packages+=(npm)
    fi
    ((${#packages[@]})) || return 0
    if ! can_install; then
        echo "not installed here, and not to be installed by this script: ${packages[*]}"
        return
    fi
    echo "installing ${packages[*]}"
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300)
    as_root "${apt[@]}" update >"$work/apt.log" 2>&1 || echo "apt-get update failed; trying with the lists that are there"
    as_root "${apt[@]}" install -y --no-install-recommends "${packages[@]}" >>"$work/apt.log" 2>&1 ||
        { echo "apt-get install failed:"; tail -n 5 "$work/apt.log"; }
    # The client is a package of its own in later releases of Debian.
    if wants docker && ! command -v docker >/dev/null; then
        as_root "${apt[@]}" install -y --no-install-recommends docker-cli >>"$work/apt.log" 2>&1 || true
    fi
}

wants() {
    [[ " ${services[*]} " == *" $1 "* ]]
}

can_install() {
    [[ $may_install == yes && -e /etc/debian_version ]] && can_be_root
}

can_be_root() {
    ((EUID == 0)) || sudo -n true 2>/dev/null
}

as_root() {
    if ((EUID == 0)); then "$@"; else sudo -n "$@"; fi
}

has_static_busybox() {
    local busybox
    busybox=$(command -v busybox) && [[ $(ldd "$busybox" 2>&1) == *@(not a dynamic|statically)* ]]
}

# Runs a command while no other run of this script is inside one.
alone() {
    (flock 9; "$@") 9>"$tools/lock"
}

# ── Docker engine ────────────────────────────────────────────────────────────────────────────────────────────────────

start_docker() {
    local host
    if ! command -v docker >/dev/null; then
        skip_service docker "the docker command is not installed"
        return
    fi
    if host=$(reachable_engine); then
        echo "docker: using the engine at $host"
    elif ! command -v dockerd >/dev/null; then
        skip_service docker "no engine can be reached and dockerd is not installed"
        return
    elif ! can_be_root; then
        skip_service docker "no engine can be reached and starting one needs root"
        return
    elif ! start_dockerd; then
        skip_service docker "dockerd did not start: $(grep -v level=info "$work/dockerd.log" | tail -n 1)"
        return
    else
        host=unix://$work/docker.sock
        echo "docker: started an engine at $host"
    fi
    export BATCHYARD_TEST_DOCKER_HOST=$host
}

# The engine that the caller names, or the machine's own. Only one on this machine can reach registries on loopback.
reachable_engine() {
    local host
    for host in "${BATCHYARD_TEST_DOCKER_HOST:-}" "${DOCKER_HOST:-}" unix:///var/run/docker.sock; do
        if [[ $host == unix://* ]] && docker --host "$host" version >/dev/null 2>&1; then
            echo "$host"
            return
        fi
    done
    return 1
}

# An engine of our own, beside any other: its own bridge, and no rule in the machine's firewall.
start_dockerd() {
    command -v ip >/dev/null || { echo "ip (iproute2) is not installed" >"$work/dockerd.log"; return 1; }
    bridge=by$RANDOM
    as_root ip link add name "$bridge" type bridge 2>"$work/dockerd.log" || return 1
    cleanup+=(remove_bridge)
    as_root ip address add "10.$((RANDOM % 128 + 64)).$((RANDOM % 256)).1/24" dev "$bridge"
    as_root ip link set "$bridge" up

    as_root setsid dockerd --host "unix://$work/docker.sock" --group "$(id -gn)" \
        --data-root "$work/docker" --exec-root "$work/docker-exec" --pidfile "$work/dockerd.pid" \
        --bridge "$bridge" --iptables=false --ip-forward=false --ip-masq=false --userland-proxy=false \
        >"$work/dockerd.log" 2>&1 &
    local launcher=$!
    cleanup+=(stop_dockerd)
    answers 60 "$launcher" docker --host "unix://$work/docker.sock" version
}

stop_dockerd() {
    local pid
    pid=$(cat "$work/dockerd.pid" 2>/dev/null) || return 0
    local containers
    containers=$(docker --host "unix://$work/docker.sock" ps -aq)
    # shellcheck disable=SC2086  # a list of ids
    [[ -z $containers ]] || docker --host "unix://$work/docker.sock" rm -f $containers >/dev/null
    as_root kill "$pid"
    for _ in {1..150}; do
        [[ -e /proc/$pid ]] || return 0
        sleep 0.2
    done
    as_root kill -9 "$pid"
}

remove_bridge() {
    as_root ip link delete "$bridge"
}

# ── Registries ───────────────────────────────────────────────────────────────────────────────────────────────────────

# Two registries over one store: one serves anyone, the other demands a password. What is pushed to the first, without
# a login that would be written to the user's configuration, is served by both.
start_registry() {
    if ! command -v docker-registry >/dev/null; then
        skip_service registry "docker-registry is not installed"
        return
    elif [[ -z ${BATCHYARD_TEST_DOCKER_HOST:-} ]]; then
        skip_service registry "without an engine there is nobody to push images"
        return
    elif ! has_static_busybox; then
        skip_service registry "busybox-static, of which the images are made, is not installed"
        return
    fi
    # bcrypt of the password below. Both serve loopback only, for the time of one run.
    # shellcheck disable=SC2016
    printf '%s\n' 'ci:$2y$05$ppTcdqizMTEeV0.n.s9LlOfddQ1bIMOQaMLPkCBjldxXl5wwgFeNO' >"$work/htpasswd"
    local open private
    if ! open=$(serve_registry open "") ||
        ! private=$(serve_registry private "auth: { htpasswd: { realm: tests, path: $work/htpasswd } }"); then
        skip_service registry "docker-registry did not start: $(tail -n 1 "$work"/registry-*.log)"
        return
    fi
    cleanup+=(stop_registries)
    if ! push_images "$open" >"$work/push.log" 2>&1; then
        skip_service registry "the images could not be pushed: $(tail -n 1 "$work/push.log")"
        return
    fi
    export BATCHYARD_TEST_REGISTRY=$open
    export BATCHYARD_TEST_PRIVATE_REGISTRY=$private
    export BATCHYARD_TEST_PRIVATE_REGISTRY_USER=ci
    export BATCHYARD_TEST_PRIVATE_REGISTRY_PASSWORD=only-for-these-tests
    echo "registry: $open for anyone, $private with a password"
}

# Starts a registry under a name, with more lines of configuration, and prints its address.
serve_registry() {
    local name=$1 configuration=$2 port
    for _ in {1..5}; do
        port=$(free_port)
        cat >"$work/registry-$name.yml" <<END
version: 0.1
log: { level: warn }
storage: { filesystem: { rootdirectory: $work/registry }, delete: { enabled: true } }
http: { addr: "127.0.0.1:$port" }
$configuration
END
        setsid docker-registry serve "$work/registry-$name.yml" >"$work/registry-$name.log" 2>&1 &
        echo $! >"$work/registry-$name.pid"
        if answers 10 $! curl --silent --output /dev/null "http://127.0.0.1:$port/v2/"; then
            echo "127.0.0.1:$port"
            return
        fi
    done
    return 1
}

stop_registries() {
    stop_process "$work/registry-open.pid"
    stop_process "$work/registry-private.pid"
}

# busybox: a shell and the usual commands. entrypoint: the same, with an ENTRYPOINT and a working directory. volumes: the same, with
# volumes, and links that lead to nothing.
push_images() {
    local registry=$1 rootfs=$work/rootfs applet
    mkdir -p "$rootfs"/{bin,dev,etc,proc,root,srv,sys,tmp}
    chmod 1777 "$rootfs/tmp"
    cp "$(command -v busybox)" "$rootfs/bin/busybox"
    for applet in $("$rootfs/bin/busybox" --list); do
        [[ $applet == busybox ]] || ln -sf busybox "$rootfs/bin/$applet"
    done
    echo 'root:x:0:0:root:/root:/bin/sh' >"$rootfs/etc/passwd"
    echo 'root:x:0:' >"$rootfs/etc/group"

    import_image "$registry/busybox:latest" 'CMD ["sh"]' &&
        import_image "$registry/entrypoint:latest" \
            'ENTRYPOINT ["echo", "hello from the entrypoint"]' 'WORKDIR /srv' 'ENV GREETING=hello' &&
        mkdir "$rootfs/srv/data" && echo 'of the image' >"$rootfs/srv/data/file" &&
        ln -s ../run/systemd/resolve/stub-resolv.conf "$rootfs/etc/resolv.conf" &&
        printf 'echo a script\n' >"$rootfs/bin/bare" && chmod +x "$rootfs/bin/bare" &&
        import_image "$registry/volumes:latest" 'VOLUME /srv/data' 'VOLUME /new'
}

import_image() {
    local name=$1
    shift
    tar --owner=0 --group=0 --numeric-owner -C "$work/rootfs" -c . | push_rootfs "$name" 'ENV PATH=/bin' "$@"
}

# Makes an image of the archive on standard input, with these changes, and pushes it.
push_rootfs() {
    local name=$1 change changes=() docker=(docker --host "$BATCHYARD_TEST_DOCKER_HOST")
    shift
    for change in "$@"; do changes+=(--change "$change"); done
    "${docker[@]}" import "${changes[@]}" - "$name" &&
        "${docker[@]}" push "$name" &&
        # Tests must pull what they use.
        "${docker[@]}" rmi "$name"
}

# ── Open MPI ─────────────────────────────────────────────────────────────────────────────────────────────────────────

# An image with Open MPI and an SSH server, put together from Debian's packages without being installed anywhere.
start_mpi() {
    local release rootfs name=${BATCHYARD_TEST_REGISTRY:-}/mpi:latest
    release=$(. /etc/os-release && echo "${ID:-}-${VERSION_ID:-}-$(uname -m)")
    rootfs=$tools/mpi-$release.tar
    if [[ -z ${BATCHYARD_TEST_REGISTRY:-} ]]; then
        skip_service mpi "without a registry there is nowhere to push its image"
    elif [[ $release != debian-* ]]; then
        skip_service mpi "its image is made from Debian's packages, on Debian"
    elif [[ ! -e $rootfs && $may_install != yes ]]; then
        skip_service mpi "its packages are not here, and not to be fetched by this script"
    elif ! alone make_mpi_rootfs "$rootfs" >"$work/mpi.log" 2>&1; then
        skip_service mpi "its packages could not be fetched: $(tail -n 1 "$work/mpi.log")"
    elif ! push_rootfs "$name" 'ENV PATH=/usr/sbin:/usr/bin:/sbin:/bin' <"$rootfs" >"$work/push.log" 2>&1; then
        skip_service mpi "the image could not be pushed: $(tail -n 1 "$work/push.log")"
    else
        export BATCHYARD_TEST_MPI_IMAGE=$name
        echo "mpi: $name"
    fi
}

make_mpi_rootfs() {
    local archive=$1 folder package
    [[ ! -e $archive ]] || return 0
    folder=$(mktemp -d "$work/mpi-XXXXXX")
    fetch_mpi_packages "$folder/packages" ||
        { as_root apt-get -qq update && fetch_mpi_packages "$folder/packages"; } || return 1

    local root=$folder/root
    mkdir -p "$root"
    for package in "$folder"/packages/*.deb; do
        dpkg-deb --fsys-tarfile "$package" |
            tar -x -C "$root" --no-same-owner --exclude='./usr/share/*' --exclude='./usr/lib/*/perl*' || return 1
    done
    dpkg-deb --fsys-tarfile "$folder"/packages/openmpi-common_*.deb |
        tar -x -C "$root" --no-same-owner ./usr/share/openmpi || return 1

    # What the packages' scripts would do: names, users, keys. The keys open nothing but containers of the tests.
    ln -sf dash "$root/bin/sh"
    ln -sf orterun "$root/usr/bin/mpirun"
    mkdir -p "$root"/{dev,proc,sys,tmp,run/sshd,root/.ssh,etc/ssh}
    chmod 1777 "$root/tmp"
    chmod 700 "$root/root" "$root/root/.ssh"
    printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' 'sshd:x:100:65534::/run/sshd:/usr/sbin/nologin' >"$root/etc/passwd"
    printf '%s\n' 'root:x:0:' 'nogroup:x:65534:' >"$root/etc/group"
    "$root/usr/bin/ssh-keygen" -q -t ed25519 -N '' -f "$root/root/.ssh/id_ed25519" &&
        "$root/usr/bin/ssh-keygen" -q -t ed25519 -N '' -f "$root/etc/ssh/ssh_host_ed25519_key" || return 1
    cp "$root/root/.ssh/id_ed25519.pub" "$root/root/.ssh/authorized_keys"
    printf '%s\n' 'UsePAM no' 'PermitRootLogin prohibit-password' >"$root/etc/ssh/sshd_config"
    printf '%s\n' 'StrictHostKeyChecking no' 'UserKnownHostsFile /dev/null' 'LogLevel ERROR' 'Port 23' \
        >"$root/root/.ssh/config"

    tar --owner=0 --group=0 --numeric-owner -C "$root" -cf "$archive.draft" . &&
        mv "$archive.draft" "$archive" &&
        rm -rf "$folder"
}

# Fetches Open MPI, an SSH server and all that they need on a machine on which nothing is installed yet.
fetch_mpi_packages() {
    mkdir -p "$1/partial"
    : >"$1/nothing-installed"
    apt-get -qq -y --no-install-recommends --download-only -o Dir::State::status="$1/nothing-installed" \
        -o Dir::Cache::archives="$1" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o Debug::NoLocking=1 \
        install openmpi-bin openssh-server openssh-client dash coreutils
}

# ── The official SDK, and Azurite ────────────────────────────────────────────────────────────────────────────────────

start_python() {
    if ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
        skip_service python "python3 with venv is not installed"
    elif ! alone install_sdk "$azure_batch_version" >"$work/pip.log" 2>&1; then
        skip_service python "azure-batch $azure_batch_version could not be installed: $(tail -n 1 "$work/pip.log")"
    elif ! alone install_sdk "$azure_batch_track1_version" >"$work/pip.log" 2>&1; then
        skip_service python "azure-batch $azure_batch_track1_version could not be installed: $(tail -n 1 "$work/pip.log")"
    else
        export BATCHYARD_TEST_PYTHON=$(python_of "$azure_batch_version")
        export BATCHYARD_TEST_PYTHON_TRACK1=$(python_of "$azure_batch_track1_version")
        echo "python: azure-batch $azure_batch_version and $azure_batch_track1_version"
    fi
}

# The Python that can import a version of the SDK.
python_of() {
    echo "$tools/azure-batch-$1/bin/python"
}

install_sdk() {
    local python
    python=$(python_of "$1")
    "$python" -c 'import azure.batch' && return
    python3 -m venv --clear "$(dirname "$(dirname "$python")")" &&
        "$python" -m pip install --quiet --disable-pip-version-check "azure-batch==$1"
}

start_azurite() {
    local folder=$tools/azurite-$azurite_version port
    if ! command -v npm >/dev/null; then
        skip_service azurite "npm is not installed"
        return
    elif ! alone install_azurite "$folder" >"$work/npm.log" 2>&1; then
        skip_service azurite "it could not be installed: $(tail -n 1 "$work/npm.log")"
        return
    fi
    cleanup+=(stop_azurite)
    for _ in {1..5}; do
        port=$(free_port)
        setsid node "$folder/node_modules/azurite/dist/src/blob/main.js" --blobHost 127.0.0.1 --blobPort "$port" \
            --inMemoryPersistence --disableTelemetry --skipApiVersionCheck --silent >"$work/azurite.log" 2>&1 &
        echo $! >"$work/azurite.pid"
        if answers 30 $! listens "$port"; then
            export BATCHYARD_TEST_AZURITE=http://127.0.0.1:$port
            echo "azurite: $BATCHYARD_TEST_AZURITE"
            return
        fi
    done
    skip_service azurite "it did not start: $(tail -n 1 "$work/azurite.log")"
}

install_azurite() {
    [[ -e $1/node_modules/azurite/dist/src/blob/main.js ]] ||
        npm install --silent --no-audit --no-fund --prefix "$1" "azurite@$azurite_version"
}

stop_azurite() {
    stop_process "$work/azurite.pid"
}

# ── What others think of our files: validators, and an editor's language server ──────────────────────────────────────

start_validators() {
    local folder=$tools/validators-$check_jsonschema_version-$pydantic_sarif_version-$junitparser_version
    if ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
        skip_service validators "python3 with venv is not installed"
    elif ! alone install_validators "$folder" >"$work/validators.log" 2>&1; then
        skip_service validators "they could not be installed: $(tail -n 1 "$work/validators.log")"
    else
        export BATCHYARD_TEST_VALIDATORS=$folder/bin
        echo "validators: check-jsonschema $check_jsonschema_version, pydantic-sarif $pydantic_sarif_version, junitparser $junitparser_version"
    fi
}

install_validators() {
    "$1/bin/python" -c 'import check_jsonschema, pydantic_sarif, junitparser' && return
    python3 -m venv --clear "$1" &&
        "$1/bin/python" -m pip install --quiet --disable-pip-version-check \
            "check-jsonschema==$check_jsonschema_version" "pydantic-sarif==$pydantic_sarif_version" \
            "junitparser==$junitparser_version"
}

start_editor() {
    local folder=$tools/yaml-language-server-$yaml_language_server_version
    if ! command -v npm >/dev/null; then
        skip_service editor "npm is not installed"
    elif ! alone install_editor "$folder" >"$work/editor.log" 2>&1; then
        skip_service editor "yaml-language-server could not be installed: $(tail -n 1 "$work/editor.log")"
    else
        export BATCHYARD_TEST_YAML_LANGUAGE_SERVER=$folder/$yaml_language_server_script
        echo "editor: yaml-language-server $yaml_language_server_version"
    fi
}

yaml_language_server_script=node_modules/yaml-language-server/bin/yaml-language-server

install_editor() {
    [[ -e $1/$yaml_language_server_script ]] ||
        npm install --silent --no-audit --no-fund --prefix "$1" "yaml-language-server@$yaml_language_server_version"
}

# ── Processes and ports ──────────────────────────────────────────────────────────────────────────────────────────────

# Waits until a command succeeds: answers SECONDS PID COMMAND…; fails when the process ends or the time is over.
answers() {
    local deadline=$((SECONDS + $1)) pid=$2
    shift 2
    while ((SECONDS <= deadline)); do
        "$@" >/dev/null 2>&1 && return
        kill -0 "$pid" 2>/dev/null || [[ -e /proc/$pid ]] || return 1
        sleep 0.2
    done
    return 1
}

listens() {
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# A port that nobody listens on, below those that the kernel hands out by itself.
free_port() {
    local port
    while :; do
        port=$((RANDOM % 12000 + 20000))
        listens "$port" || break
    done
    echo "$port"
}

stop_process() {
    local pid
    pid=$(cat "$1" 2>/dev/null) || return 0
    kill "$pid" 2>/dev/null || return 0
    for _ in {1..50}; do
        kill -0 "$pid" 2>/dev/null || return 0
        sleep 0.1
    done
    kill -9 "$pid"
}

remove_work() {
    local mount
    # What dockerd may have left mounted, the deepest first.
    while read -r mount; do as_root umount "$mount"; done < <(
        awk -v work="$work/" 'index($2, work) == 1 { print $2 }' /proc/self/mounts | sort -r
    )
    as_root rm -rf "$work"
}

stop_everything() {
    local status=$? step
    trap '' INT TERM
    set +e
    for ((step = ${#cleanup[@]} - 1; step >= 0; step--)); do
        "${cleanup[step]}"
    done
    exit "$status"
}
