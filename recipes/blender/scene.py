# Three metal spheres circle around a glowing one. Renders one frame into the task's working directory.
# Arguments, after `--`: the frame, how many frames there are, the width, the samples.
import math
import os
import sys

import bpy

frame, frames, width, samples = map(int, sys.argv[sys.argv.index("--") + 1:])
turn = 2 * math.pi * frame / frames


def material(name, colour, metallic=0.0, glow=0.0):
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    shader = made.node_tree.nodes["Principled BSDF"].inputs
    shader["Base Color"].default_value = (*colour, 1)
    shader["Metallic"].default_value = metallic
    shader["Roughness"].default_value = 0.2
    if glow:
        emission = "Emission Color" if "Emission Color" in shader else "Emission"  # the name before Blender 4
        shader[emission].default_value = (*colour, 1)
        shader["Emission Strength"].default_value = glow
    return made


def sphere(location, radius, look):
    bpy.ops.mesh.primitive_uv_sphere_add(segments=64, ring_count=32, radius=radius, location=location)
    bpy.ops.object.shade_smooth()
    bpy.context.object.data.materials.append(look)


for thing in ("Cube", "Light"):  # what Blender starts with
    bpy.data.objects.remove(bpy.data.objects[thing])

bpy.ops.mesh.primitive_plane_add(size=40, location=(0, 0, -1))
bpy.context.object.data.materials.append(material("floor", (0.25, 0.3, 0.35)))
sphere((0, 0, 0.2), 0.8, material("sun", (1, 0.6, 0.2), glow=3))
for number, colour in enumerate([(0.9, 0.2, 0.2), (0.2, 0.8, 0.3), (0.2, 0.4, 0.9)]):
    angle = turn + number * 2 * math.pi / 3
    sphere((2.2 * math.cos(angle), 2.2 * math.sin(angle), -0.4), 0.6, material(f"planet {number}", colour, metallic=0.9))

scene = bpy.context.scene
scene.render.engine = "CYCLES"
scene.cycles.device = "CPU"
scene.cycles.samples = samples
scene.cycles.use_denoising = False  # not every build of Blender can
scene.cycles.seed = frame
scene.render.resolution_x, scene.render.resolution_y = width, width * 9 // 16
scene.render.resolution_percentage = 100
scene.render.filepath = os.path.join(os.getcwd(), f"frame-{frame:05}.png")
bpy.ops.render.render(write_still=True)
print(f"frame {frame} of {frames}: {os.path.getsize(scene.render.filepath)} bytes")
