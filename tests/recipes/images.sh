# shellcheck shell=bash
# shellcheck disable=SC2154  # `docker`, `cache` and `work` are run-for-real's
#
# The images that the library's recipes run in for real. The recipes name images of public registries, which a machine
# that runs tests may not reach; so the same programs are put together here, from Debian's packages and from wheels.
#
# One base holds what every Debian system has. Its packages are unpacked here and configured where they belong: in a
# container. Each image is the base and the packages of its programs, installed in a container without a network.
# Packages and wheels are kept in `cache`; the images go with the engine, or by remove_images.

repository=batchyard-recipes

# The packages of each image; `python` is what images with wheels begin with.
declare -A packages_of=(
    [openmpi]="openmpi-bin openssh-server openssh-client"
    [mpich]="mpich openssh-server openssh-client"
    [ffmpeg]="ffmpeg"
    [blender]="blender python3-numpy"
    [blast]="ncbi-blast+"
    [salmon]="salmon"
    [r]="r-base-core"
    [gromacs]="gromacs gromacs-data"
    [lammps]="lammps openmpi-bin"
    [pytorch]="python3-torch python3-numpy"
    [python]="python3 python3-pip libstdc++6 libgomp1"
)

# The wheels of each image that has some, by exact versions: a run of tomorrow is to find what a run of today found.
declare -A wheels_of=(
    [dask]="dask[array,distributed]==2026.7.0"
    [ray]="ray==2.58.0"
    [tensorflow]="tensorflow-cpu==2.20.0"
)

# What an image needs beside its packages.
declare -A correction_of=(
    # This PyTorch is older than the Python that Debian has it with, and looks for a member of a flag that is not listed any more.
    [pytorch]="sed -i 's/for s in Std:/for s in Std.__members__.values():/' \
        /usr/lib/python3/dist-packages/torch/distributed/elastic/multiprocessing/api.py"
)

# Prints the name of an image, which is made if it is not there.
image() {
    local name=$repository/$1:debian
    if ! has_image "$name"; then
        if [[ -n ${wheels_of[$1]:-} ]]; then
            make_image_with_wheels "$1" || return 1
        else
            make_image_with_packages "$1" || return 1
        fi >>"$work/image-$1.log" 2>&1
    fi
    echo "$name"
}

has_image() {
    "${docker[@]}" image inspect "$1" >/dev/null 2>&1
}

remove_images() {
    local containers images
    # Those in which images were being made when somebody had enough.
    mapfile -t containers < <("${docker[@]}" ps --all --quiet --filter "label=$repository")
    ((${#containers[@]} == 0)) || "${docker[@]}" rm --force "${containers[@]}" >/dev/null
    mapfile -t images < <("${docker[@]}" image ls --quiet --filter "reference=$repository/*" | sort --unique)
    ((${#images[@]} == 0)) || "${docker[@]}" image rm --force "${images[@]}" >/dev/null
}

# ── Packages ─────────────────────────────────────────────────────────────────────────────────────────────────────────

make_image_with_packages() {
    local name=$1 packages=$cache/packages/$1
    has_image "$repository/base:debian" || make_base || return 1
    "${docker[@]}" run --rm --network none "$repository/base:debian" cat /var/lib/dpkg/status >"$work/status" || return 1
    # shellcheck disable=SC2086  # a list of packages
    fetch_packages "$packages" "$work/status" ${packages_of[$name]} || return 1
    in_container "$repository/base:debian" "$repository/$name:debian" "$packages" \
        'dpkg --force-depends --force-unsafe-io --unpack /packages/*.deb && dpkg --force-unsafe-io --configure --pending &&
        '"${correction_of[$name]:-true}"
}

# What is essential to Debian: apt-get takes it for granted, so it has to be named.
essential="base-files base-passwd bash coreutils dash debconf debianutils diffutils dpkg findutils grep gzip hostname
    init-system-helpers libc-bin login mawk ncurses-base passwd perl-base sed sysvinit-utils tar usr-is-merged util-linux"

make_base() {
    local packages=$cache/packages/base root=$work/base folder package
    : >"$work/nothing-installed"
    # shellcheck disable=SC2086  # a list of packages
    fetch_packages "$packages" "$work/nothing-installed" $essential || return 1
    # Debian's /bin and its like are links into /usr, which no package makes.
    for folder in bin sbin lib lib32 lib64 libx32; do
        mkdir -p "$root/usr/$folder"
        ln -s "usr/$folder" "$root/$folder"
    done
    for package in "$packages"/*.deb; do
        dpkg-deb --fsys-tarfile "$package" | tar -x -C "$root" --no-same-owner --keep-directory-symlink || return 1
    done
    # So much must be there for dpkg to run; the packages' own scripts do the rest.
    mkdir -p "$root"/var/lib/dpkg/{info,updates}
    : >"$root/var/lib/dpkg/status"
    cp "$root"/usr/share/base-passwd/passwd.master "$root/etc/passwd"
    cp "$root"/usr/share/base-passwd/group.master "$root/etc/group"
    ln -sf mawk "$root/usr/bin/awk"
    tar --owner=0 --group=0 --numeric-owner -C "$root" -c . |
        "${docker[@]}" import --change "ENV PATH=$path" - "$repository/unpacked:debian" || return 1
    rm -rf "$root"
    in_container "$repository/unpacked:debian" "$repository/base:debian" "$packages" \
        'dpkg --force-depends --force-unsafe-io --install /packages/*.deb'
}

path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# Fetches packages and all that they need beyond the packages of a dpkg status.
fetch_packages() {
    local folder=$1 status=$2
    shift 2
    [[ ! -e $folder/complete ]] || return 0
    mkdir -p "$folder/partial"
    apt-get -qq -y --no-install-recommends --download-only -o Dir::State::status="$status" \
        -o Dir::Cache::archives="$folder" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o Debug::NoLocking=1 \
        install "$@" &&
        touch "$folder/complete"
}

# Runs a command in a container of one image, with a folder at /packages, and makes another image of what it leaves.
in_container() {
    local from=$1 to=$2 folder=$3 command=$4 container status
    container=$("${docker[@]}" create --network none --volume "$folder:/packages:ro" --label "$repository" \
        --env DEBIAN_FRONTEND=noninteractive --env LC_ALL=C "$from" /bin/sh -c "$command") || return 1
    "${docker[@]}" start --attach "$container" &&
        "${docker[@]}" commit --change 'CMD ["/bin/sh"]' --change "ENV DEBIAN_FRONTEND= LC_ALL=C.UTF-8" "$container" "$to"
    status=$?
    "${docker[@]}" rm "$container"
    return "$status"
}

# ── Wheels ───────────────────────────────────────────────────────────────────────────────────────────────────────────

make_image_with_wheels() {
    local name=$1 wheels=$cache/wheels/$1 python
    has_image "$repository/python:debian" || make_image_with_packages python || return 1
    python=$("${docker[@]}" run --rm --network none "$repository/python:debian" \
        python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])') || return 1
    fetch_wheels "$wheels" "$python" "${wheels_of[$name]}" || return 1
    in_container "$repository/python:debian" "$repository/$name:debian" "$wheels" \
        "python3 -m pip install --no-index --find-links /packages --break-system-packages --root-user-action ignore '${wheels_of[$name]}'"
}

fetch_wheels() {
    local folder=$1 python=$2 wanted=$3
    [[ ! -e $folder/complete ]] || return 0
    python3 -m pip download --quiet --disable-pip-version-check --only-binary :all: --python-version "$python" \
        --dest "$folder" "$wanted" &&
        touch "$folder/complete"
}
